"""Files that are taken once: known by their content, whatever their name."""

from __future__ import annotations

from ingestion.connectors.context import PassContext


def is_held(context: PassContext, table: str, sha256: str) -> bool:
    """Whether a file of that content was loaded into the table, or found to hold nothing new."""
    remembered = f"content:{table}:{sha256}"
    if remembered in context.memory:
        return True
    held = context.con.execute(
        "SELECT 1 FROM lake.meta.loads WHERE tenant_id = ? AND source = ? AND table_name = ? "
        "AND content_sha256 = ? LIMIT 1",
        [context.source.tenant, context.source.name, table, sha256],
    ).fetchone()
    if held:
        context.memory[remembered] = True
    return held is not None
