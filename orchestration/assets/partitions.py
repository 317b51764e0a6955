"""The days that closing and exporting are cut into."""

from __future__ import annotations

import dagster as dg

# No installation holds days before MetaTrader 5 existed; Dagster lists partitions lazily.
DAYS = dg.DailyPartitionsDefinition(start_date="2010-06-01", end_offset=1)

# One writer at a time: runs queue for it instead of failing.
WRITER_POOL = "warehouse_writer"
