"""One pass over the Open API itself: who there is, what is open, what happened since.

An account's history is asked for when its state moved (its balance version or its open positions)
or on a sweep: two quick questions an account and poll, instead of two slow ones.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from ingestion.batch import Batch, Completeness
from ingestion.connectors.context import PassContext
from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.connection import Endpoint
from ingestion.connectors.ctrader.contract import CONTRACTS, OPEN_POSITIONS, TRADERS
from ingestion.connectors.ctrader.history import CASH_HISTORY, DEAL_HISTORY, read_history
from ingestion.connectors.ctrader.messages import KINDS, Rows, collect
from ingestion.connectors.ctrader.session import AccountRefusedError, Credentials, Session
from ingestion.connectors.servers import record_server
from ingestion.problems import Problem
from warehouse.errors import SettingsError, SourceError

DEFAULT_PORT = 5035
_SYMBOLS_AT_ONCE = 100


def sync_live(context: PassContext) -> None:
    """Load what changed on the server.

    Raises:
        SettingsError: the address, an option or a variable of the environment is missing.
        SourceError: the server cannot be reached or refuses; what was committed stays.
    """
    session = context.memory.get("session")
    if not isinstance(session, Session):
        session = Session(
            _endpoint(context),
            _credentials(context),
            max(context.integer_option("attempts", 5), 1),
            context.integer_option("backoff_milliseconds", 500) / 1000,
        )
        # Kept over the passes of a poll loop: connecting and authorising anew costs seconds.
        context.memory["session"] = session
    states = _read_states(context, session)
    if context.sweep:
        record_server(context)
    if not states:
        return
    _check_one_broker(context, [trader for trader, _ in states.values()])
    if context.sweep and not context.stopping():
        _load_names(context, session, next(iter(states)))
    _load_states(context, states)
    for account, (trader, positions) in states.items():
        state = (trader.balanceVersion, positions.SerializeToString(deterministic=True))
        remembered = f"state:{account}"
        if not context.sweep and context.memory.get(remembered) == state:
            continue
        until = int(time.time() * 1000)
        for history in (CASH_HISTORY, DEAL_HISTORY):
            read_history(context, session, history, trader, until)
        if not context.stopping():
            context.memory[remembered] = state


def _read_states(context: PassContext, session: Session) -> dict[int, tuple[Any, Any]]:
    """By account: ProtoOATrader and ProtoOAReconcileRes; one that is refused is a problem."""
    states: dict[int, tuple[Any, Any]] = {}
    for account in _accounts(context, session):
        if context.stopping():
            return {}
        try:
            trader = session.ask(
                "PROTO_OA_TRADER",
                api.ProtoOATraderReq(ctidTraderAccountId=account),
                api.ProtoOATraderRes,
            ).trader
            positions = session.ask(
                "PROTO_OA_RECONCILE",
                api.ProtoOAReconcileReq(ctidTraderAccountId=account),
                api.ProtoOAReconcileRes,
            )
        except AccountRefusedError as error:
            context.problems.append(
                Problem(
                    TRADERS.table,
                    "error",
                    f"Account {account} cannot be read: {error}.",
                    "let its owner authorise the application, or take it out of options.accounts",
                )
            )
            continue
        states[account] = (trader, positions)
    return states


def _accounts(context: PassContext, session: Session) -> list[int]:
    named = context.source.options.get("accounts")
    if named is not None:
        return sorted(int(account) for account in named)
    known = context.memory.get("accounts")
    if isinstance(known, list) and not context.sweep:
        return known
    live = bool(context.source.options.get("live", True))
    found = sorted(
        int(account.ctidTraderAccountId) for account in session.accounts() if account.isLive == live
    )
    if not found:
        raise SourceError(
            f"The access token opens no {'live' if live else 'demo'} account.",
            where=f"source {context.source.name}",
            todo="authorise accounts for the application; options.live = false reads demo accounts",
        )
    context.memory["accounts"] = found
    return found


def _check_one_broker(context: PassContext, traders: list[Any]) -> None:
    brokers = sorted({trader.brokerName for trader in traders if trader.brokerName})
    if len(brokers) > 1:
        raise SourceError(
            f"The accounts belong to several brokers: {', '.join(brokers)}.",
            where=f"source {context.source.name}",
            todo="ids repeat across brokers: make a source of each and list its options.accounts",
        )


def _load_states(context: PassContext, states: dict[int, tuple[Any, Any]]) -> None:
    rows: dict[str, Rows] = {}
    for trader, positions in states.values():
        account = trader.ctidTraderAccountId
        _collect(api.ProtoOATraderRes(ctidTraderAccountId=account, trader=trader), rows)
        _collect(positions, rows)
    accounts = ("ctid_trader_account_id", tuple(states))
    _load(context, rows[TRADERS.table], None)
    _load(context, rows[OPEN_POSITIONS.table], Completeness(among=accounts))


def _load_names(context: PassContext, session: Session, account: int) -> None:
    """Assets and symbols, as any account of the broker sees them."""
    rows: dict[str, Rows] = {}
    _collect(
        session.ask(
            "PROTO_OA_ASSET_LIST",
            api.ProtoOAAssetListReq(ctidTraderAccountId=account),
            api.ProtoOAAssetListRes,
        ),
        rows,
    )
    listed = session.ask(
        "PROTO_OA_SYMBOLS_LIST",
        api.ProtoOASymbolsListReq(ctidTraderAccountId=account, includeArchivedSymbols=True),
        api.ProtoOASymbolsListRes,
    )
    _collect(listed, rows)
    ids = [symbol.symbolId for symbol in listed.symbol]
    for start in range(0, len(ids), _SYMBOLS_AT_ONCE):
        request = api.ProtoOASymbolByIdReq(
            ctidTraderAccountId=account, symbolId=ids[start : start + _SYMBOLS_AT_ONCE]
        )
        _collect(session.ask("PROTO_OA_SYMBOL_BY_ID", request, api.ProtoOASymbolByIdRes), rows)
    for contract in CONTRACTS:
        if contract.table in rows and not context.stopping():
            _load(context, rows[contract.table], None)


def _collect(message: Any, rows: dict[str, Rows]) -> None:
    kind = next(k for k in KINDS.values() if k.decoder is type(message))
    collect(kind, message, rows)


def _load(context: PassContext, rows: Rows, complete: Completeness | None) -> None:
    context.load(
        Batch(
            contract=rows.contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=rows.frame(rows.contract.source_table),
            complete=complete,
            detail={"rows": len(rows.items)},
        )
    )


def _endpoint(context: PassContext) -> Endpoint:
    url = make_url(context.source.database_url() or "")
    if not url.host:
        raise SettingsError(
            "The address of the Open API names no host.",
            where=f"source {context.source.name}",
            todo='use url = "tls://live.ctraderapi.com:5035"',
        )
    ca_file = context.source.options.get("ca_file")
    return Endpoint(
        host=url.host,
        port=url.port or DEFAULT_PORT,
        timeout_seconds=max(context.integer_option("timeout_seconds", 30), 1),
        per_second=max(context.integer_option("requests_per_second", 40), 1),
        history_per_second=max(context.integer_option("history_requests_per_second", 4), 1),
        ca_file=Path(ca_file) if ca_file else None,
    )


def _credentials(context: PassContext) -> Credentials:
    return Credentials(
        client_id=_from_environment(context, "client_id_env"),
        client_secret=_from_environment(context, "client_secret_env"),
        access_token=_from_environment(context, "access_token_env"),
    )


def _from_environment(context: PassContext, option: str) -> str:
    name = context.source.options.get(option)
    if not isinstance(name, str) or not name:
        raise SettingsError(
            f"The source has no options.{option}.",
            where=f"source {context.source.name}",
            todo="name the variable of the environment that holds it, never the value itself",
        )
    value = os.environ.get(name)
    if not value:
        raise SettingsError(
            f"The environment variable {name} is not set.",
            where=f"source {context.source.name}, options.{option}",
            todo=f"export {name}=<the value>",
        )
    return value
