"""Rules that shape figures of several marts, with the row that states them."""

from __future__ import annotations

from quality.lineage.declaration import Rule, SourceRows

# The longest pattern that matches the account's group is the most specific; the newest wins a tie.
GROUP_MAPPING = Rule(
    "The account's group decides on book, legal entity and cent account.",
    rows="""
SELECT s.subject_key, 'group ' || a.group_name || ' by pattern ' || g.group_pattern || ': book '
    || coalesce(g.book, '-') || ', ' || coalesce(g.legal_entity, '-')
    || CASE WHEN g.is_excluded THEN ', excluded: ' || coalesce(g.exclusion_reason, '-')
        ELSE '' END AS what_it_said,
    g._load_id AS load_id, g._row_id AS raw_row_id
FROM subject AS s
JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = s.tenant_id AND a.server_id = s.server_id AND a.login = s.login
JOIN lake.raw.broker_groups AS g
    ON g._tenant_id = s.tenant_id AND g.server_id = s.server_id
    AND a.group_name LIKE g.group_pattern
LEFT JOIN lake.raw.superseded AS newer
    ON newer.superseded_row_id = g._row_id
    AND newer.superseded_by_load <= getvariable('daybook_watermark')
WHERE newer.superseded_row_id IS NULL AND NOT g._is_deleted
    AND g._load_id <= getvariable('daybook_watermark')
QUALIFY row_number() OVER (
    PARTITION BY s.subject_key
    ORDER BY length(g.group_pattern) DESC, g.valid_from DESC NULLS LAST, g.group_pattern
) = 1
""",
    source=SourceRows(
        "broker_groups",
        ("server_id", "group_pattern"),
        {"_row_id": "raw_row_id", "_load_id": "load_id"},
    ),
)


def seed_rule(what: str, seed: str, text: str, where: str) -> Rule:
    """A rule that rows of a seed state.

    Args:
        what: the rule in a sentence.
        seed: the seed's table in schema reference.
        text: what a row says, an SQL expression over ``r`` (the seed) and ``s`` (the subject).
        where: which rows speak of the subject, beside those in force on its day.
    """
    return Rule(
        what,
        rows=f"""
SELECT s.subject_key, {text} AS what_it_said, CAST(NULL AS BIGINT) AS load_id,
    CAST(NULL AS BIGINT) AS raw_row_id
FROM subject AS s
JOIN lake.reference.{seed} AS r
    ON r.valid_from <= s.business_date
    AND (r.valid_to IS NULL OR r.valid_to > s.business_date)
WHERE {where}
""",
    )
