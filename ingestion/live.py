"""Live state: tables that a source only hands over whole and that move all the time.

They carry no versions. A read that equals what is held writes nothing; any other replaces the
rows of its source.
"""

from __future__ import annotations

import duckdb

from ingestion.answers import one_row
from ingestion.batch import Batch
from ingestion.checks import ROW
from ingestion.raw_tables import Target
from ingestion.versions import BATCH_VIEW, Plan


def plan(con: duckdb.DuckDBPyConnection, batch: Batch, target: Target) -> Plan:
    """Every row is new when the content differs from what is held, held when it does not."""
    own = f"SELECT {target.column_list} FROM {target.name} WHERE _tenant_id = $t AND _source = $s"
    read = f"SELECT {target.column_list} FROM {BATCH_VIEW}"
    held, rows, vanished, appeared = one_row(
        con,
        f"SELECT (SELECT count(*) FROM ({own})), (SELECT count(*) FROM {BATCH_VIEW}), "
        f"EXISTS (({own}) EXCEPT ALL ({read})), EXISTS (({read}) EXCEPT ALL ({own}))",
        {"t": batch.tenant, "s": batch.source},
    )
    differs = bool(vanished or appeared)
    verdicts, gone = "temp.daybook_verdicts_raw", "temp.daybook_gone_raw"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE daybook_verdicts_raw AS "
        f"SELECT {ROW}, NULL::BIGINT AS held_row_id, ? AS verdict FROM {BATCH_VIEW}",
        ["new" if differs else "held"],
    )
    con.execute("CREATE OR REPLACE TEMP TABLE daybook_gone_raw (_row_id BIGINT)")
    counts = {"new" if differs else "held": rows}
    return Plan(target, verdicts, gone, counts, max(held - rows, 0) if differs else 0, 0)


def clear(con: duckdb.DuckDBPyConnection, batch: Batch, target: Target) -> None:
    """Drop the state that is being replaced, inside the load's transaction."""
    con.execute(
        f"DELETE FROM {target.name} WHERE _tenant_id = ? AND _source = ?",
        [batch.tenant, batch.source],
    )
