"""The commission ledger of a five-level tree with tiers: a first build, and one more day."""

from __future__ import annotations

from benchmarks.measurement import BenchmarkError, Measurement, timed, told
from benchmarks.workspace import Workspace
from orchestration.dbt_runner import run_dbt
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.writer import transaction

DEALS = 1_000_000
DAYS = 250
ACCOUNTS = 20_000
PARTNERS = 2_000
_LAST_DAY = "2026-08-28"

# Canonical tables as the models read them. Two thirds of the clients came by partners of the first
# level, the rest by partners of the second to fifth: about one and a half lines a trade.
_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS lake.canonical;
CREATE SCHEMA IF NOT EXISTS lake.staging;
CREATE SCHEMA IF NOT EXISTS lake.intermediate;
CREATE SCHEMA IF NOT EXISTS lake.finance;
CREATE SCHEMA IF NOT EXISTS lake.reference;

CREATE TABLE lake.canonical.can_accounts AS
SELECT
    'demo' AS tenant_id, 'live' AS server_id, login::BIGINT AS login,
    'demo/live/' || login AS account_key, 'demo/C' || login AS client_key,
    'real\\B\\' || login % 5 AS group_name, 'USD' AS main_currency, 1 AS money_divisor,
    false AS is_excluded, 'mt5' AS platform, 'USD' AS account_currency,
    2 AS currency_digits
FROM range({ACCOUNTS}) AS logins(login);

CREATE TABLE lake.canonical.can_account_books AS
SELECT account_key, 'B' AS book, DATE '1900-01-01' AS valid_from, NULL::DATE AS valid_to
FROM lake.canonical.can_accounts;

CREATE TABLE lake.canonical.can_instruments AS
SELECT 'demo' AS tenant_id, 'live' AS server_id, 'PAIR' || n AS symbol,
    CASE n % 3 WHEN 0 THEN 'JPY' ELSE 'USD' END AS profit_currency, 5 AS digits
FROM range(40) AS numbers(n);

CREATE TABLE lake.canonical.can_fx_to_reporting AS
SELECT day::DATE AS business_date, currency, 'USD' AS reporting_currency,
    rate::DECIMAL(24, 12) AS rate
FROM generate_series(DATE '2025-01-01', DATE '2026-12-31', INTERVAL 1 DAY) AS days(day),
    (VALUES ('USD', 1), ('EUR', 1.1), ('JPY', 0.0065)) AS rates(currency, rate);

CREATE TABLE lake.canonical.can_cash_movements (
    tenant_id VARCHAR, server_id VARCHAR, business_date DATE, deal_key VARCHAR,
    account_key VARCHAR, client_key VARCHAR, executed_at_utc TIMESTAMP, kind VARCHAR,
    amount_reporting DECIMAL(38, 8), request_id VARCHAR, psp_reference VARCHAR);
CREATE TABLE lake.finance.fct_account_days (
    tenant_id VARCHAR, server_id VARCHAR, account_key VARCHAR, business_date DATE,
    opening_balance_amount DECIMAL(24, 8), opening_credit_amount DECIMAL(24, 8),
    equity_amount DECIMAL(38, 8), deposits_amount DECIMAL(38, 8), withdrawals_amount DECIMAL(38,
    8), internal_transfers_amount DECIMAL(38, 8), closed_pnl_amount DECIMAL(38, 8), swap_amount
    DECIMAL(38, 8), commission_amount DECIMAL(38, 8), commission_round_amount DECIMAL(38, 8),
    fees_amount DECIMAL(38, 8), interest_amount DECIMAL(38, 8), dividends_amount DECIMAL(38, 8),
    taxes_amount DECIMAL(38, 8), floating_pnl_amount DECIMAL(38, 8), floating_swap_amount
    DECIMAL(38, 8));
CREATE TABLE lake.intermediate.int_payments__costs_stated (
    tenant_id VARCHAR, psp_account_id VARCHAR, line VARCHAR, business_date DATE,
    amount DECIMAL(24, 8), happened_at_utc TIMESTAMP, case_id VARCHAR, request_id VARCHAR,
    payment_id VARCHAR, payment_intent_id VARCHAR);
CREATE TABLE lake.intermediate.int_server_closes AS
SELECT 'demo' AS tenant_id, 'live' AS server_id, DATE '{_LAST_DAY}' AS business_date;
CREATE TABLE lake.reference.ref_currencies AS
SELECT * FROM (VALUES ('USD', 2), ('EUR', 2), ('JPY', 0)) AS currencies(currency, minor_units);

CREATE TABLE lake.staging.stg_crm__partner_tree AS
SELECT 'demo' AS tenant_id, 'client' AS child_kind, 'C' || login AS child_id,
    'P' || CASE
        WHEN login % 3 < 2 THEN login % 20
        ELSE 20 + (login * 7) % ({PARTNERS} - 20)
    END AS parent_partner_id, DATE '2025-01-01' AS valid_from, NULL::DATE AS valid_to
FROM range({ACCOUNTS}) AS logins(login)
UNION ALL
-- five levels: 20, 100, 400, 800 and the rest
SELECT 'demo', 'partner', 'P' || n,
    'P' || CASE
        WHEN n < 120 THEN n % 20
        WHEN n < 520 THEN 20 + n % 100
        WHEN n < 1320 THEN 120 + n % 400
        ELSE 520 + n % 800
    END, DATE '2025-01-01', NULL
FROM range(20, {PARTNERS}) AS numbers(n);

CREATE TABLE lake.staging.stg_crm__partner_agreements AS
SELECT
    'demo' AS tenant_id, 'A' || n || '/' || level AS agreement_id, 'P' || n AS partner_id,
    level::INTEGER AS level, 'per_lot' AS model,
    (CASE level WHEN 0 THEN 7 ELSE 0.5 END)::DECIMAL(24, 12) AS rate, 'USD' AS currency,
    '%' AS symbol_pattern, '%' AS account_group_pattern, DATE '2025-01-01' AS valid_from,
    NULL::DATE AS valid_to,
    CASE WHEN level = 1 AND n % 4 = 0 THEN 'carved_out' ELSE 'additive' END
        AS override_convention,
    CASE level WHEN 0 THEN 'closed_lots' END AS tier_basis,
    CASE level WHEN 0 THEN CASE n % 2 WHEN 0 THEN 'marginal' ELSE 'retroactive' END END
        AS tier_mode,
    1::DECIMAL(24, 12) AS lot_ratio, 1::DECIMAL(24, 12) AS hybrid_ratio,
    NULL::DECIMAL(24, 8) AS markup_points, NULL::DECIMAL(24, 8) AS spread_cap_points,
    NULL::DECIMAL(24, 8) AS trade_cap_amount, NULL::DECIMAL(24, 8) AS period_cap_amount,
    0 AS minimum_seconds, 0::DECIMAL(24, 8) AS activity_minimum_lots, false AS nets_hedges,
    false AS excludes_bonus, 'period' AS rounding, false AS clawback_on_chargeback,
    NULL::INTEGER AS clawback_days
FROM range({PARTNERS}) AS numbers(n), range(5) AS levels(level);

CREATE TABLE lake.staging.stg_crm__partner_tiers AS
SELECT 'demo' AS tenant_id, 'A' || n || '/0' AS agreement_id, tier::INTEGER AS tier,
    ((tier - 1) * 300)::DECIMAL(24, 8) AS lower_bound,
    CASE WHEN tier < 4 THEN (tier * 300)::DECIMAL(24, 8) END AS upper_bound,
    (6 + tier)::DECIMAL(24, 12) AS rate
FROM range({PARTNERS}) AS numbers(n), range(1, 5) AS tiers(tier);

CREATE TABLE lake.staging.stg_crm__partners AS
SELECT 'demo' AS tenant_id, 'P' || n AS partner_id, NULL::VARCHAR AS client_id,
    'active' AS status
FROM range({PARTNERS}) AS numbers(n);

CREATE TABLE lake.staging.stg_crm__partner_clawbacks (
    tenant_id VARCHAR, clawback_id VARCHAR, client_key VARCHAR, cause VARCHAR, valid_from DATE,
    valid_to DATE);

CREATE TABLE lake.staging.stg_crm__copy_strategies (
    tenant_id VARCHAR, strategy_id VARCHAR, kind VARCHAR, valid_from DATE, valid_to DATE,
    management_rate DECIMAL(10, 8), performance_rate DECIMAL(10, 8),
    subscription_amount DECIMAL(24, 8), subscription_currency VARCHAR, fees_posted VARCHAR,
    management_pattern VARCHAR, performance_pattern VARCHAR, subscription_pattern VARCHAR);
CREATE TABLE lake.staging.stg_crm__copy_investments (
    tenant_id VARCHAR, strategy_id VARCHAR, server_id VARCHAR, account_key VARCHAR,
    valid_from DATE, valid_to DATE);
CREATE TABLE lake.reference.ref_ctrader_balance_operations (
    operation_code INTEGER, copy_fee_kind VARCHAR);
"""

_VERSIONS = "".join(
    f"CREATE TABLE lake.raw.{table} (_tenant_id VARCHAR, _row_id BIGINT, _load_id BIGINT, "
    f"{columns});\n"
    for table, columns in (
        ("crm_partner_agreements", "valid_from DATE"),
        ("crm_partner_tree", "valid_from DATE"),
        ("crm_partner_tiers", "agreement_id VARCHAR"),
        ("crm_partner_clawbacks", "client_id VARCHAR, valid_from DATE"),
        ("crm_partners", "client_id VARCHAR"),
        ("crm_client_accounts", "server_id VARCHAR, login BIGINT"),
        ("crm_copy_strategies", "strategy_id VARCHAR, valid_from DATE"),
        ("crm_copy_investments", "server_id VARCHAR, login BIGINT, valid_from DATE"),
    )
)

_DEALS = """
SELECT
    'demo' AS tenant_id, 'live' AS server_id,
    {day} AS business_date, 'demo/live/' || n AS deal_key, n::BIGINT AS deal_id,
    'demo/live/' || (n * 7919) % {accounts} AS account_key, n::BIGINT AS position_id,
    'out' AS entry, CASE n % 2 WHEN 0 THEN 'buy' ELSE 'sell' END AS side,
    'PAIR' || n % 40 AS symbol, {day}::TIMESTAMP + to_seconds(n % 86400) AS executed_at_utc,
    true AS is_trade, true AS is_turnover, 1.1::DECIMAL(24, 8) AS price,
    0.00012::DECIMAL(24, 8) AS market_spread_price,
    ((1 + n % 100) * 0.01)::DECIMAL(24, 8) AS volume_lots,
    ((1 + n % 100) * 0.01)::DECIMAL(24, 8) AS volume_closed_lots,
    ((1 + n % 100) * 1000)::DECIMAL(38, 8) AS volume_units,
    (n % 2000 - 1000)::DECIMAL(24, 8) AS closed_pnl_amount, 0::DECIMAL(24, 8) AS swap_amount,
    (-(1 + n % 100) * 0.07)::DECIMAL(24, 8) AS commission_amount, 0::DECIMAL(24, 8) AS fee_amount,
    'mt5' AS platform, 0::BIGINT AS action_code, 'trade' AS component, '' AS comment,
    0::DECIMAL(24, 8) AS balance_effect_amount, NULL::TIMESTAMP AS changed_at_utc
FROM range({first}, {last}) AS numbers(n)
"""


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """Seconds of a first build of the ledger, and of one more day."""
    count = deals or DEALS
    settings = Settings(home=work.folder("partners") / "home")
    told(f"partners: laying {count:,} trades")
    _lay(settings, count)
    told("partners: first build")
    seconds, _ = timed(lambda: _build(settings, 1, (0, 1)))
    _build_is_done(settings, 1)
    lines = _lines(settings)
    told(f"partners: {lines:,} lines in {seconds:.1f} s; one more day")
    _one_more_day(settings, count)
    day_seconds, _ = timed(lambda: _build(settings, 2, (1, 2)))
    added = _lines(settings) - lines
    broken = _broken(settings)
    if broken:
        raise BenchmarkError(f"identities are broken: {broken}")
    note = f"{count:,} trades on {DAYS} days, {PARTNERS:,} partners on five levels, tiers"
    return [
        Measurement("partner_ledger_seconds", seconds, "s", 1, f"{note}; {lines:,} lines"),
        Measurement(
            "partner_ledger_day_seconds",
            day_seconds,
            "s",
            1,
            f"one more day after {note}; {added:,} lines booked",
        ),
    ]


def _lay(settings: Settings, count: int) -> None:
    day = (
        f"(DATE '{_LAST_DAY}' - 364 + CAST((n * {DAYS} // {count}) * 364 // {DAYS - 1} AS INTEGER))"
    )
    with connect("write", settings=settings) as con, transaction(con, "lay the trades", settings):
        con.execute(_TABLES + _VERSIONS)
        con.execute(
            "CREATE TABLE lake.canonical.can_deals AS "
            + _DEALS.format(day=day, accounts=ACCOUNTS, first=0, last=count)
        )
        con.execute(
            "INSERT INTO lake.meta.touched_days "
            "SELECT DISTINCT 1, tenant_id, server_id, business_date FROM lake.canonical.can_deals"
        )


def _one_more_day(settings: Settings, count: int) -> None:
    day = f"DATE '{_LAST_DAY}' + 3"
    with connect("write", settings=settings) as con, transaction(con, "one more day", settings):
        con.execute(
            "INSERT INTO lake.canonical.can_deals "
            + _DEALS.format(
                day=f"({day})", accounts=ACCOUNTS, first=count, last=count + count // DAYS
            )
        )
        con.execute(f"INSERT INTO lake.meta.touched_days VALUES (2, 'demo', 'live', {day})")


def _build(settings: Settings, build_id: int, loads: tuple[int, int]) -> None:
    result = run_dbt(
        settings,
        ["run", "--select", "path:models/intermediate/partners",
         "path:models/marts/partners"],
        variables={
            "build_id": build_id,
            "watermark_from": loads[0],
            "watermark_to": loads[1],
            "built_at": f"2026-09-0{build_id} 00:00:00",
        },
    )  # fmt: skip
    if result.failed:
        raise BenchmarkError(str([(node.name, node.message) for node in result.failed]))
    for node in sorted(result.nodes, key=lambda node: -node.seconds)[:6]:
        told(f"partners:   {node.name} {node.seconds:.1f} s")


def _build_is_done(settings: Settings, build_id: int) -> None:
    with connect("write", settings=settings) as con, transaction(con, "a build", settings):
        con.execute(
            "INSERT INTO lake.meta.builds (build_id, watermark_from, watermark_to, status) "
            "VALUES (?, 0, ?, 'done')",
            [build_id, build_id],
        )


def _lines(settings: Settings) -> int:
    with connect("read", settings=settings) as con:
        [row] = con.execute("SELECT count(*) FROM lake.partners.fct_commission_ledger").fetchall()
    return int(row[0])


def _broken(settings: Settings) -> list[tuple[str, int]]:
    with connect("read", settings=settings) as con:
        return con.execute(
            "SELECT identity_id, sum(broken)::BIGINT FROM lake.meta.identities_partners "
            "GROUP BY identity_id HAVING sum(broken) > 0"
        ).fetchall()
