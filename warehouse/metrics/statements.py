"""SQL of one metric for any range and dimensions.

A sum that lacks one of its rates is NULL, and so is what is divided by zero. A ratio divides two
sums over the asked grain. Clients are counted once over the asked grain, whatever it is.
"""

from __future__ import annotations

from warehouse.metrics.registry import DIMENSIONS, TIMES, Metric, definition

INPUTS = "lake.metrics.rpt_metrics__inputs"
# Whose rows: every statement takes the parameters $tenant, $first and $last.
_SCOPE = "tenant_id = $tenant AND input IN ({inputs}) AND business_date <= $last"
_FROM_FIRST = " AND business_date >= $first"


def total_expression(metric: Metric) -> str:
    """The aggregate of a sum or a count of clients, over rows that have its columns."""
    if metric.kind == "distinct":
        return f"count(DISTINCT CASE WHEN {metric.measure} THEN holder_key END)"
    if metric.kind != "sum":
        raise ValueError(f"{metric.name} is a {metric.kind}, not a total")
    known = f"count({metric.measure}) = count(*)"
    total = f"coalesce(sum({metric.measure}), 0)"
    if metric.factor is not None:
        total += f" * {metric.factor.normalize():f}"
    return f"CASE WHEN {known} THEN CAST({total} AS DECIMAL(38, 8)) END"


def ratio_expression(numerator: str, denominator: str, scale: int = 8) -> str:
    """As macros/portable/ratio.sql: exact to the last decimal, NULL for a zero denominator."""
    first = f"CAST({numerator} / nullif({denominator}, 0) AS DECIMAL(24, {scale}))"
    rest = f"({numerator} - {first} * {denominator}) / nullif({denominator}, 0)"
    return f"CAST({first} + CAST({rest} AS DECIMAL(24, {scale})) AS DECIMAL(38, {scale}))"


def metric_statement(metric: Metric, by: tuple[str, ...]) -> str:
    """The query of a metric: a column for each of ``by``, then ``value``.

    Ratios have ``numerator`` and ``denominator`` beside it; cohorts ``cohort_month``,
    ``months_since``, ``cohort_clients`` and ``active_clients``.
    """
    match metric.kind:
        case "sum" | "distinct":
            return (
                f"SELECT {_columns(by)}CAST({total_expression(metric)} AS DECIMAL(38, 8)) AS value "
                f"FROM {INPUTS} WHERE {_scope(metric)}{_FROM_FIRST}{_grouped(by)}"
            )
        case "ratio":
            return _ratio(metric, by, _FROM_FIRST)
        case "cumulative":
            time = next((name for name in by if name in TIMES), None)
            return _ratio(metric, by, "") if time is None else _running_ratio(metric, by, time)
        case "cohort":
            return _cohorts(metric, by)


def scaled(metric: Metric) -> str:
    """The column ``numerator`` times the metric's factor."""
    if metric.factor is None or metric.factor == 1:
        return "numerator"
    return f"(numerator * {metric.factor.normalize():f})"


def _ratio(metric: Metric, by: tuple[str, ...], from_first: str) -> str:
    above, below = definition(metric.numerator), definition(metric.denominator)
    return f"""
        WITH sums AS (
            SELECT
                {_columns(by)}{total_expression(above)} AS numerator,
                {total_expression(below)} AS denominator
            FROM {INPUTS} WHERE {_scope(metric)}{from_first}{_grouped(by, ordered=False)}
        )
        SELECT
            {_names(by)}{ratio_expression(scaled(metric), "denominator")} AS value,
            CAST(numerator AS DECIMAL(38, 8)) AS numerator,
            CAST(denominator AS DECIMAL(38, 8)) AS denominator
        FROM sums {_ordered(by)}
    """


def _running_ratio(metric: Metric, by: tuple[str, ...], time: str) -> str:
    """At the end of each period. A client counts from the period of the first trade on."""
    above, below = definition(metric.numerator), definition(metric.denominator)
    others = tuple(name for name in by if name != time)
    same = " AND ".join(f's."{name}" IS NOT DISTINCT FROM n."{name}"' for name in by)
    partition = "PARTITION BY " + ", ".join(f's."{name}"' for name in others) if others else ""
    period = _expression(time)
    return f"""
        WITH rows AS (
            SELECT {_columns(by)}holder_key, {below.measure} AS counts, {above.measure} AS amount
            FROM {INPUTS} WHERE {_scope(metric)}
        ),
        sums AS (
            SELECT {_names(by)}sum(amount) AS amount, count(*) - count(amount) AS unknown
            FROM rows GROUP BY {_names(by).rstrip(", ")}
        ),
        news AS (
            SELECT {_names(by)}count(*) AS clients
            FROM (
                SELECT {_names(others)}min("{time}") AS "{time}", holder_key
                FROM rows WHERE counts GROUP BY {_names(others)}holder_key
            ) AS starts
            GROUP BY {_names(by).rstrip(", ")}
        ),
        running AS (
            SELECT
                {", ".join(f's."{name}"' for name in by)},
                CASE
                    WHEN sum(s.unknown) OVER so_far = 0
                    THEN CAST(sum(s.amount) OVER so_far AS DECIMAL(38, 8))
                END AS numerator,
                CAST(coalesce(sum(n.clients) OVER so_far, 0) AS BIGINT) AS denominator
            FROM sums AS s LEFT JOIN news AS n ON {same}
            WINDOW so_far AS ({partition} ORDER BY s."{time}")
        )
        SELECT
            {_names(by)}{ratio_expression(scaled(metric), "denominator")} AS value,
            numerator,
            CAST(denominator AS DECIMAL(38, 8)) AS denominator
        FROM running
        WHERE "{time}" >= {period.replace("business_date", "CAST($first AS DATE)")}
        {_ordered(by)}
    """


def _cohorts(metric: Metric, by: tuple[str, ...]) -> str:
    """Clients who first traded from $first to $last, in each month of trading until $last."""
    month = "CAST(date_trunc('month', business_date) AS DATE)"
    keys = _names((*by, "cohort_month"))
    return f"""
        WITH starts AS (
            SELECT {_columns(by)}holder_key, {month} AS cohort_month
            FROM {INPUTS}
            WHERE tenant_id = $tenant AND input = 'starts'
                AND business_date BETWEEN $first AND $last
        ),
        months AS (
            SELECT DISTINCT holder_key, {month} AS traded_month
            FROM {INPUTS}
            WHERE tenant_id = $tenant AND input = 'trades' AND business_date <= $last
        ),
        sizes AS (SELECT {keys}count(*) AS cohort_clients FROM starts GROUP BY ALL),
        active AS (
            SELECT {keys}traded_month, count(*) AS active_clients
            FROM starts INNER JOIN months USING (holder_key) GROUP BY ALL
        ),
        grid AS (
            SELECT sizes.*, spine.traded_month
            FROM sizes INNER JOIN (SELECT DISTINCT traded_month FROM months) AS spine
                ON spine.traded_month >= sizes.cohort_month
        )
        SELECT
            {", ".join(f'g."{name}"' for name in (*by, "cohort_month"))},
            date_diff('month', g.cohort_month, g.traded_month) AS months_since,
            g.cohort_clients,
            coalesce(a.active_clients, 0) AS active_clients,
            {ratio_expression("coalesce(a.active_clients, 0)", "g.cohort_clients")} AS value
        FROM grid AS g
        LEFT JOIN active AS a ON a.traded_month = g.traded_month AND {
        " AND ".join(
            f'a."{name}" IS NOT DISTINCT FROM g."{name}"' for name in (*by, "cohort_month")
        )
    }
        ORDER BY ALL
    """


def _scope(metric: Metric) -> str:
    return _SCOPE.format(inputs=", ".join(f"'{name}'" for name in metric.inputs))


def _expression(name: str) -> str:
    if name == "day":
        return "business_date"
    if name in TIMES:
        return f"CAST(date_trunc('{name}', business_date) AS DATE)"
    return DIMENSIONS[name]


def _columns(by: tuple[str, ...]) -> str:
    return "".join(f'{_expression(name)} AS "{name}", ' for name in by)


def _names(by: tuple[str, ...]) -> str:
    return "".join(f'"{name}", ' for name in by)


def _grouped(by: tuple[str, ...], *, ordered: bool = True) -> str:
    if not by:
        return ""
    places = ", ".join(str(place) for place in range(1, len(by) + 1))
    return f" GROUP BY {places}" + (f" {_ordered(by)}" if ordered else "")


def _ordered(by: tuple[str, ...]) -> str:
    return "ORDER BY " + ", ".join(f'"{name}" NULLS LAST' for name in by) if by else ""
