"""The daily job, and when each trading server's day ends."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.assets.partitions import DAYS
from warehouse.settings import Settings, SourceSettings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

JOB_NAME = "daily"
# The platform writes its daily rows after its day has ended; give it that long.
MINUTES_AFTER_END_OF_DAY = 15


def daily_job() -> UnresolvedAssetJobDefinition:
    """Load, build, gate, publish, export: everything a business day needs, in one run.

    In one process: the lake has one writer at a time, and a process for each step would read the
    project again before its turn.
    """
    return dg.define_asset_job(
        JOB_NAME,
        selection=dg.AssetSelection.all(),
        partitions_def=DAYS,
        executor_def=dg.in_process_executor,
    )


def local_end_of_day(source: SourceSettings) -> tuple[int, int]:
    """Hour and minute, in the zone of the server's clock rule, at which to start the job."""
    end = source.end_of_day_minutes + 1 - source.clock_shift_minutes + MINUTES_AFTER_END_OF_DAY
    return (end // 60) % 24, end % 60


def ended_business_date(source: SourceSettings, now: dt.datetime) -> dt.date:
    """The business date that ended last on the server at the UTC instant ``now``."""
    zone = ZoneInfo(source.clock_zone or "UTC")
    server = now.astimezone(zone).replace(tzinfo=None)
    server += dt.timedelta(minutes=source.clock_shift_minutes if source.clock_zone else 0)
    return (server - dt.timedelta(minutes=source.end_of_day_minutes + 1)).date()


def end_of_day_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """One schedule a trading server."""
    return [_schedule(source) for source in settings.sources if source.kind == "mt5"]


def _schedule(source: SourceSettings) -> dg.ScheduleDefinition:
    hour, minute = local_end_of_day(source)

    def request(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = ended_business_date(source, context.scheduled_execution_time)
        return dg.RunRequest(run_key=f"{source.name}-{day}", partition_key=day.isoformat())

    return dg.ScheduleDefinition(
        name=f"{source.name.replace('-', '_')}_end_of_day",
        job_name=JOB_NAME,
        cron_schedule=f"{minute} {hour} * * *",
        execution_timezone=source.clock_zone or "UTC",
        execution_fn=request,
    )
