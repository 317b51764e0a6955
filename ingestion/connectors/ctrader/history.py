"""Deals and cash flows of one account, window by window from its cursor to now.

The cursor of an account says up to when its history is held. A pass reads from there less an
overlap, a sweep less ``reread_days``: a deal that was updated late is found again, a deal that is
gone is buried. Rows and cursor are committed together, so a pass that breaks off costs the windows
since its last load.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingestion.batch import Batch, Completeness, CursorMove
from ingestion.connectors.context import PassContext
from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.contract import CASH_FLOWS, DEALS
from ingestion.connectors.ctrader.messages import KINDS, Rows, collect
from ingestion.connectors.ctrader.session import Session
from ingestion.contracts import TableContract
from warehouse.errors import SourceError

DAY_MS = 86_400_000
# The API refuses a longer window of cash flows.
LONGEST_WINDOW_DAYS = 7
# The platform's first year: where an account begins whose registration is not stated.
FIRST_MS = 1_293_840_000_000
# Rows this near the edge of a window are not taken for deleted when they are not listed: which of
# a deal's times the server filters by is not documented.
_EDGE_MS = 60_000
_ROWS_OF_A_LOAD = 5_000
_WINDOWS_OF_A_LOAD = 13


@dataclass(frozen=True)
class History:
    """One kind of history: how to ask for it, what it is loaded into."""

    contract: TableContract
    kind: str
    request: Any
    answer: Any
    field: str


DEAL_HISTORY = History(
    DEALS, "PROTO_OA_DEAL_LIST", api.ProtoOADealListReq, api.ProtoOADealListRes, "deal"
)
CASH_HISTORY = History(
    CASH_FLOWS,
    "PROTO_OA_CASH_FLOW_HISTORY_LIST",
    api.ProtoOACashFlowHistoryListReq,
    api.ProtoOACashFlowHistoryListRes,
    "depositWithdraw",
)


def read_history(
    context: PassContext, session: Session, history: History, account: Any, until: int
) -> None:
    """Load what an account's history gained or changed since its cursor.

    Args:
        account: the account as ProtoOATrader.
        until: milliseconds UTC up to which to read.

    Raises:
        SourceError: the server went away; what was committed stays.
    """
    number = int(account.ctidTraderAccountId)
    name = f"{history.contract.table}/{number}"
    start = _start(context, name, account)
    first = start
    rows = Rows(history.contract, texts=False)
    windows = 0
    for low, high in _windows(context, start, until):
        if context.stopping():
            return
        for answer in _answers(context, session, history, number, low, high):
            _take(history, answer, rows)
        windows += 1
        if high < until and len(rows.items) < _ROWS_OF_A_LOAD and windows < _WINDOWS_OF_A_LOAD:
            continue
        _load(context, history, number, rows, first, high, CursorMove(name, high))
        first, windows = high, 0
        rows = Rows(history.contract, texts=False)


def _start(context: PassContext, name: str, account: Any) -> int:
    stored = context.state.cursors.get(name)
    if stored is None:
        return int(account.registrationTimestamp) or FIRST_MS
    back = (
        context.integer_option("reread_days", 7) * DAY_MS
        if context.sweep
        else context.integer_option("overlap_seconds", 600) * 1000
    )
    return max(stored[0] - back, int(account.registrationTimestamp) or FIRST_MS)


def _windows(context: PassContext, start: int, until: int) -> Iterator[tuple[int, int]]:
    days = context.integer_option("window_days", LONGEST_WINDOW_DAYS)
    width = min(max(days, 1), LONGEST_WINDOW_DAYS) * DAY_MS
    while start < until:
        end = min(start + width, until)
        yield start, end
        start = end


def _answers(
    context: PassContext, session: Session, history: History, account: int, low: int, high: int
) -> Iterator[Any]:
    """Every answer of a window; a cut one is thrown away and both halves are asked for.

    In which order the server lists deals, and so which part of a window a cut list leaves out, is
    not documented: halves do not depend on it.
    """
    request = history.request(ctidTraderAccountId=account, fromTimestamp=low, toTimestamp=high)
    if history is DEAL_HISTORY:
        request.maxRows = context.integer_option("max_rows", 1000)
    answer = session.ask(history.kind, request, history.answer, history=True)
    if not (history is DEAL_HISTORY and answer.hasMore):
        yield answer
        return
    if high <= low:
        raise SourceError(
            f"Account {account} has more than {request.maxRows} deals in one millisecond ({low}).",
            where=session.endpoint.name,
            todo="raise options.max_rows",
        )
    middle = (low + high) // 2
    yield from _answers(context, session, history, account, low, middle)
    yield from _answers(context, session, history, account, middle + 1, high)


def _take(history: History, answer: Any, rows: Rows) -> None:
    kind = next(k for k in KINDS.values() if k.decoder is history.answer)
    collect(kind, answer, {history.contract.table: rows})


def _load(
    context: PassContext,
    history: History,
    account: int,
    rows: Rows,
    low: int,
    high: int,
    cursor: CursorMove,
) -> None:
    context.load(
        Batch(
            contract=history.contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=rows.frame(history.answer.DESCRIPTOR.name),
            complete=Completeness(
                low=low + _EDGE_MS,
                high=high - _EDGE_MS,
                among=("ctid_trader_account_id", (account,)),
            ),
            cursors=(cursor,),
            detail={"account": account, "from": low, "to": high, "rows": len(rows.items)},
        )
    )
