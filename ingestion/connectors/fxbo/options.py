"""What a broker has to say about its FXBackOffice: servers, clock, and words of its own."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion.connectors.context import PassContext
from ingestion.connectors.fxbo.contract import KINDS, STATUSES
from warehouse.errors import SettingsError, faults_of

_TYPES = {
    "deposit": "deposit",
    "withdrawal": "withdrawal",
    "ib withdrawal": "ib_withdrawal",
    "transfer": "transfer",
}
# An approved transaction is booked: it has its processedAt.
_STATUSES = {"fresh": "requested", "approved": "processed", "declined": "declined"}


class FxboOptions(BaseModel):
    """Options of a source of kind fxbo.

    Attributes:
        zone: IANA zone of createdAt and processedAt; there is no default, brokers differ.
        servers: sid -> server id, the name of the platform's source; empty where no platform
            stands behind it (IB wallets, demo servers).
        types, statuses: words of transactions beside the known ones -> ours.
        stats_days: how many days back the daily statistics are read again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str
    servers: dict[str, str]
    types: dict[str, str] = Field(default_factory=dict)
    statuses: dict[str, str] = Field(default_factory=dict)
    stats_days: int = Field(default=35, ge=1)
    db_schema: str | None = Field(default=None, alias="schema")
    chunk_rows: int = 200_000
    overlap_seconds: int = 600
    overlap_rows: int = 1_000
    sweep_seconds: float = 300

    @property
    def kinds(self) -> dict[str, str]:
        """Type of a transaction, in lower case -> kind of ours."""
        return _TYPES | {word.lower(): ours for word, ours in self.types.items()}

    @property
    def request_statuses(self) -> dict[str, str]:
        """Status of a transaction, in lower case -> status of ours."""
        return _STATUSES | {word.lower(): ours for word, ours in self.statuses.items()}


def fxbo_options(context: PassContext) -> FxboOptions:
    """The options of a source, checked.

    Raises:
        SettingsError: one is missing, unknown or impossible.
    """
    where = f"source {context.source.name}"
    try:
        options = FxboOptions(**context.source.options)
        ZoneInfo(options.zone)
    except ValidationError as error:
        problems = faults_of(error, prefix="options.")
        raise SettingsError(
            f"The source cannot be read with these options: {problems}.",
            where=where,
            todo="give zone and servers; the connector's README shows how",
        ) from error
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            "options.zone is not known.", where=where, todo="name an IANA zone: Asia/Nicosia"
        ) from error
    for name, pairs, ours in (
        ("types", options.types, KINDS),
        ("statuses", options.statuses, STATUSES),
    ):
        wrong = sorted(set(pairs.values()) - set(ours))
        if wrong:
            raise SettingsError(
                f"options.{name} leads to {', '.join(wrong)}.",
                where=where,
                todo=f"use one of: {', '.join(ours)}",
            )
    return options
