"""Which rows each message of the API carries, and the rows of decoded messages as frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.contract import (
    ASSETS,
    CASH_FLOWS,
    DEALS,
    OPEN_POSITIONS,
    SYMBOL_NAMES,
    SYMBOLS,
    TRADERS,
)
from ingestion.contracts import POLARS_TYPES, TableContract

ACCOUNT_FIELD = "ctidTraderAccountId"


@dataclass(frozen=True)
class Carried:
    """The rows of one table inside a message.

    Attributes:
        held_in: the message's field that holds them.
        renamed: field of an item -> the contract's source name, where they differ.
        constants: values of columns that the item itself does not state, by source name.
    """

    contract: TableContract
    held_in: str
    renamed: dict[str, str] = field(default_factory=dict)
    constants: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class MessageKind:
    """A message that carries rows: its name, its class, what it carries."""

    name: str
    decoder: Any
    carries: tuple[Carried, ...]


_ARCHIVED = Carried(
    SYMBOL_NAMES, "archivedSymbol", {"name": "symbolName"}, {"isArchived": True, "enabled": False}
)
_PAYLOADS: Any = api.ProtoOAPayloadType

_CARRIERS: tuple[tuple[str, Any, tuple[Carried, ...]], ...] = (
    ("PROTO_OA_ASSET_LIST_RES", api.ProtoOAAssetListRes, (Carried(ASSETS, "asset"),)),
    (
        "PROTO_OA_SYMBOLS_LIST_RES",
        api.ProtoOASymbolsListRes,
        (Carried(SYMBOL_NAMES, "symbol", constants={"isArchived": False}), _ARCHIVED),
    ),
    (
        "PROTO_OA_SYMBOL_BY_ID_RES",
        api.ProtoOASymbolByIdRes,
        (Carried(SYMBOLS, "symbol"), _ARCHIVED),
    ),
    ("PROTO_OA_TRADER_RES", api.ProtoOATraderRes, (Carried(TRADERS, "trader"),)),
    (
        "PROTO_OA_CASH_FLOW_HISTORY_LIST_RES",
        api.ProtoOACashFlowHistoryListRes,
        (Carried(CASH_FLOWS, "depositWithdraw"),),
    ),
    ("PROTO_OA_DEAL_LIST_RES", api.ProtoOADealListRes, (Carried(DEALS, "deal"),)),
    (
        "PROTO_OA_RECONCILE_RES",
        api.ProtoOAReconcileRes,
        (Carried(OPEN_POSITIONS, "position"),),
    ),
)
KINDS: dict[int, MessageKind] = {
    int(_PAYLOADS.Value(payload)): MessageKind(str(decoder.DESCRIPTOR.name), decoder, carries)
    for payload, decoder, carries in _CARRIERS
}
DEAL_LIST = int(_PAYLOADS.Value("PROTO_OA_DEAL_LIST_RES"))
RECONCILE = int(_PAYLOADS.Value("PROTO_OA_RECONCILE_RES"))
ERRORS: dict[int, Any] = {
    int(_PAYLOADS.Value("ERROR_RES")): api.ProtoErrorRes,
    int(_PAYLOADS.Value("PROTO_OA_ERROR_RES")): api.ProtoOAErrorRes,
}
HEARTBEAT = int(_PAYLOADS.Value("HEARTBEAT_EVENT"))


def payload_name(payload_type: int) -> str:
    """The API's name of a payload type, or its number where it has none here."""
    value = _PAYLOADS.DESCRIPTOR.values_by_number.get(payload_type)
    return str(value.name) if value is not None else f"payload type {payload_type}"


@dataclass
class Rows:
    """Rows of one table as they are collected: field values by the API's names.

    ``texts`` says that values are texts, as JSON spells them; else they are typed.
    """

    contract: TableContract
    texts: bool
    items: list[dict[str, Any]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def add(self, values: dict[str, Any], place: int) -> None:
        """One row, and the row of the file or answer it was read from."""
        self.items.append(values)
        self.places.append(place)

    def frame(self, source_table: str) -> pl.DataFrame:
        """The rows under our names, with their provenance."""
        schema = {
            column.target: pl.String() if self.texts else POLARS_TYPES[column.type]
            for column in self.contract.columns
        }
        columns = {
            column.target: [item.get(column.source) for item in self.items]
            for column in self.contract.columns
        }
        return pl.DataFrame(columns, schema=schema).with_columns(
            pl.lit(source_table).alias(SOURCE_TABLE),
            pl.Series(SOURCE_ROW, self.places, dtype=pl.Int64),
        )


def collect(
    kind: MessageKind, message: Any, rows: dict[str, Rows], place: int | None = None
) -> None:
    """Add the rows a decoded message carries to ``rows``, by table.

    Args:
        place: the row number they get; None numbers the items of the message from 1.
    """
    account = getattr(message, ACCOUNT_FIELD) if message.HasField(ACCOUNT_FIELD) else None
    for carried in kind.carries:
        kept = rows.setdefault(carried.contract.table, Rows(carried.contract, texts=False))
        for number, item in enumerate(_items(message, carried.held_in), start=1):
            values = {ACCOUNT_FIELD: account, **carried.constants}
            for name, value in _fields(item):
                values[carried.renamed.get(name, name)] = value
            kept.add(values, place or number)


def unknown_fields(message: Any) -> set[int]:
    """Numbers of fields that the message or a message in it has and open_api.proto lacks."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    found = {item.field_number for item in UnknownFieldSet(message)}
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            inside: Iterable[Any] = value if descriptor.is_repeated else (value,)
            found |= {number for item in inside for number in unknown_fields(item)}
    return found


def _items(message: Any, name: str) -> Iterable[Any]:
    if message.DESCRIPTOR.fields_by_name[name].is_repeated:
        return list(getattr(message, name))
    return [getattr(message, name)] if message.HasField(name) else []


def _fields(item: Any) -> Iterable[tuple[str, Any]]:
    """The fields that are set, those of a field of a field under a name with a dot."""
    for descriptor, value in item.ListFields():
        if descriptor.is_repeated:
            continue
        if descriptor.message_type is None:
            yield descriptor.name, value
        else:
            for name, inner in _fields(value):
                yield f"{descriptor.name}.{name}", inner
