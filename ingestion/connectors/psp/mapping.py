"""The mapping: how a provider's file says what Daybook calls by its own names.

A mapping is a TOML file, or the options of the source themselves. README.md explains every key;
the models here are what is accepted, and everything else is refused by name.
"""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ingestion.connectors.psp.time_zones import is_time_zone
from ingestion.connectors.psp.vocabulary import DIRECTIONS, EVENT_TYPES, STATUSES

Format = Literal["csv", "json", "xlsx", "form"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _one_character(value: str) -> str:
    if len(value) != 1:
        raise ValueError("give exactly one character")
    return value


def _one_character_or_none(value: str) -> str:
    return value if value == "" else _one_character(value)


def _encoding(value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError as error:
        raise ValueError("no such encoding; utf-8, cp1252 and utf-16 are usual") from error
    return value


def _zone(value: str) -> str:
    if not is_time_zone(value):
        raise ValueError("no IANA time zone; write it as Europe/London, or UTC")
    return value


def _our_status(value: str) -> str:
    if value not in STATUSES:
        raise ValueError(f"{value} is no status of ours; use one of: {', '.join(STATUSES)}")
    return value


def _our_type(value: str) -> str:
    if value not in EVENT_TYPES:
        raise ValueError(f"{value} is no event type of ours; use one of: {', '.join(EVENT_TYPES)}")
    return value


Names = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]
Character = Annotated[str, AfterValidator(_one_character)]
Zone = Annotated[str, AfterValidator(_zone)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileLayout(_Part):
    """Which files of the folder, and how they are laid out."""

    format: Format
    patterns: Names = Field(default_factory=lambda: ["*"])
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    delimiter: Character = ","
    quote: Annotated[str, AfterValidator(_one_character_or_none)] = '"'
    skip_lines: int = Field(default=0, ge=0)
    footer_rows: int = Field(default=0, ge=0)
    records: str = ""
    sheet: str = ""
    optional_columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()


class Columns(_Part):
    """Our field -> the provider's column; several columns are joined by a slash (times: a space).

    Columns of JSON are dotted names into the object.
    """

    event_id: Names
    psp_account: Names | None = None
    parent_id: Names | None = None
    merchant_reference: Names | None = None
    client_reference: Names | None = None
    event_type: Names | None = None
    status: Names | None = None
    gross_currency: Names | None = None
    gross_amount: str | None = None
    debit_amount: str | None = None
    credit_amount: str | None = None
    fx_rate: str | None = None
    net_currency: Names | None = None
    net_amount: str | None = None
    net_debit_amount: str | None = None
    net_credit_amount: str | None = None
    fee_currency: Names | None = None
    fee_amounts: Names | None = None
    reserve_amount: str | None = None
    event_time: Names
    event_zone: str | None = None
    value_date: str | None = None
    batch_id: Names | None = None
    payout_id: Names | None = None
    method: Names | None = None
    payer_name: Names | None = None
    payer_email: Names | None = None
    payer_account: Names | None = None
    details: Names | None = None


class Constants(_Part):
    """Fields that are the same in every row of this provider's files."""

    psp_account: str | None = None
    event_type: Annotated[str, AfterValidator(_our_type)] | None = None
    status: Annotated[str, AfterValidator(_our_status)] | None = None
    gross_currency: str | None = None


class Numbers(_Part):
    """How amounts are written."""

    decimal: Character = "."
    thousands: Annotated[str, AfterValidator(_one_character_or_none)] = ""
    unit: Literal["major", "minor"] = "major"
    minor_units: dict[str, Annotated[int, Field(ge=0, le=18)]] = Field(default_factory=dict)
    check_net: bool = True


class Times(_Part):
    """How times are written, and in which zone: the zone is stated, never guessed."""

    formats: Names
    zone: Zone | None = None
    zones: dict[str, Zone] = Field(default_factory=dict)
    value_date_formats: Names | None = None


class Signs(_Part):
    """What makes an amount go in or out of the balance at the provider."""

    rule: Literal["signed", "debit_credit", "by_type"]
    directions: dict[str, Literal["in", "out"]] = Field(default_factory=dict)
    fees: Literal["positive", "negative"] = "positive"
    reserve: Literal["positive", "negative"] = "positive"


class Batches(_Part):
    """When a batch is complete, so that it must net to zero."""

    complete: Literal["with_payout", "always", "never"] = "with_payout"


class Mapping(_Part):
    """One provider's files."""

    provider: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    file: FileLayout
    columns: Columns
    constants: Constants = Field(default_factory=Constants)
    numbers: Numbers = Field(default_factory=Numbers)
    time: Times
    sign: Signs
    statuses: dict[str, Annotated[str, AfterValidator(_our_status)]] = Field(default_factory=dict)
    types: dict[str, Annotated[str, AfterValidator(_our_type)]] = Field(default_factory=dict)
    batch: Batches = Field(default_factory=Batches)

    @model_validator(mode="after")
    def _says_everything(self) -> Self:
        columns, constants = self.columns, self.constants
        for name, stated in (("statuses", self.statuses), ("types", self.types)):
            folded = [key.strip().casefold() for key in stated]
            doubled = sorted({key for key in folded if folded.count(key) > 1})
            if doubled:
                raise ValueError(f"{name} maps twice: {', '.join(doubled)}")
        for field, mapped, constant, table in (
            ("status", columns.status, constants.status, self.statuses),
            ("event_type", columns.event_type, constants.event_type, self.types),
            ("gross_currency", columns.gross_currency, constants.gross_currency, {"": ""}),
        ):
            where = {"status": "statuses", "event_type": "types"}.get(field)
            if mapped is None and constant is None:
                raise ValueError(f"columns.{field} or constants.{field} is needed")
            if mapped is not None and constant is not None:
                raise ValueError(f"give columns.{field} or constants.{field}, not both")
            if mapped is not None and not table:
                raise ValueError(f"columns.{field} is mapped, so [{where}] must say what it means")
        self._check_amounts()
        self._check_times()
        return self

    def _check_amounts(self) -> None:
        columns, rule = self.columns, self.sign.rule
        halves = columns.debit_amount is not None or columns.credit_amount is not None
        if rule == "debit_credit":
            if columns.debit_amount is None or columns.credit_amount is None:
                raise ValueError(
                    "sign.rule debit_credit needs columns.debit_amount and columns.credit_amount"
                )
            if columns.gross_amount is not None:
                raise ValueError("sign.rule debit_credit takes no columns.gross_amount")
        elif columns.gross_amount is None:
            raise ValueError(f"sign.rule {rule} needs columns.gross_amount")
        elif halves:
            raise ValueError(f"sign.rule {rule} takes no debit_amount and credit_amount")
        if (columns.net_debit_amount is None) != (columns.net_credit_amount is None):
            raise ValueError("give columns.net_debit_amount and columns.net_credit_amount together")
        if columns.net_amount is not None and columns.net_debit_amount is not None:
            raise ValueError("give columns.net_amount, or net_debit_amount and net_credit_amount")
        if rule == "by_type":
            unclear = sorted(
                theirs
                for theirs, ours in self.types.items()
                if DIRECTIONS[ours] is None and theirs not in self.sign.directions
            )
            if unclear:
                raise ValueError(
                    "sign.directions must say in or out for these types, which may go either "
                    f"way: {', '.join(unclear)}"
                )
        unknown = sorted(set(self.sign.directions) - set(self.types))
        if unknown:
            raise ValueError(f"sign.directions names no type of [types]: {', '.join(unknown)}")

    def _check_times(self) -> None:
        offsets = all("%z" in form or "%:z" in form for form in self.time.formats)
        epoch = all(form.startswith("epoch") for form in self.time.formats)
        zoned = self.time.zone is not None or self.columns.event_zone is not None
        if not (zoned or offsets or epoch):
            raise ValueError(
                "the time zone is not stated: give time.zone, columns.event_zone, or a format "
                "with %z"
            )
        if self.columns.value_date is not None and self.time.value_date_formats is None:
            raise ValueError("columns.value_date needs time.value_date_formats")
