"""Alerts with the rule, the parameters and the evidence behind each."""

from __future__ import annotations

import polars as pl

from dashboards.reading import Lake

_ALERTS = """
SELECT
    alert_key, scenario_id, scenario_name, client_key, account_key, alert_date, first_at_utc,
    last_at_utc, amount_reporting, reporting_currency, reason, parameters, rule_valid_from
FROM lake.compliance.fct_alerts
WHERE tenant_id = $tenant
ORDER BY alert_date DESC, scenario_id, alert_key
"""

_EVIDENCE = """
SELECT at_utc, evidence_type, evidence_key, amount, currency, description
FROM lake.compliance.fct_alert_evidence
WHERE alert_key = $alert
ORDER BY at_utc, evidence_key
"""


def alerts(lake: Lake, snapshot: int, tenant: str) -> pl.DataFrame:
    """Every alert, newest first; ``parameters`` is the JSON text of the rule's settings."""
    return lake.rows(snapshot, _ALERTS, {"tenant": tenant})


def evidence(lake: Lake, snapshot: int, alert_key: str) -> pl.DataFrame:
    """The movements an alert rests on, in the order they happened."""
    return lake.rows(snapshot, _EVIDENCE, {"alert": alert_key})
