"""cTrader's messages as files: deals by month as frames, everything else as JSON lines."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.frames import framed
from ingestion.simulator.clock import to_utc_ms
from ingestion.simulator.ctrader_world import (
    BROKER,
    FIRST_ACCOUNT,
    FIRST_BALANCE_HISTORY,
    FIRST_DEAL,
    FIRST_ORDER,
    FIRST_POSITION,
    CtraderWorld,
    Deals,
    build_ctrader,
)
from ingestion.simulator.market import CURRENCY_DIGITS, GROUPS, SYMBOLS
from ingestion.simulator.prices import RATE_DIGITS
from ingestion.simulator.world import World

_PAYLOADS: Any = api.ProtoOAPayloadType
_DEALS_OF_A_MESSAGE = 500
ASSETS = ("USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "XAU")
OFFERED = tuple(n for n, spec in enumerate(SYMBOLS) if not spec.symbol.endswith(".c"))


def write_ctrader(world: World, folder: Path) -> dict[str, int]:
    """Write the server's messages; gives rows per kind."""
    folder.mkdir(parents=True, exist_ok=True)
    server = build_ctrader(world)
    _write_lines(folder / "01_symbols.jsonl", _symbol_messages())
    _write_lines(folder / "02_accounts.jsonl", _account_messages(server))
    months: dict[str, list[bytes]] = defaultdict(list)
    for month, message in _deal_messages(server):
        months[month].append(_frame("PROTO_OA_DEAL_LIST_RES", message))
    for month, frames in months.items():
        beat = framed(api.ProtoMessage(payloadType=_PAYLOADS.Value("HEARTBEAT_EVENT")))
        (folder / f"deals_{month}.pb").write_bytes(beat.join(frames))
    return {
        "ctrader_traders": server.population.size,
        "ctrader_deals": server.deals.count,
        "ctrader_cash_flows": len(server.flows),
        "ctrader_open_positions": len(server.held.position),
    }


def volume_cents(symbol: int, hundredths: int) -> int:
    """Hundredths of a lot as cents of a unit, which cTrader counts volumes in."""
    return round(hundredths * SYMBOLS[symbol].contract_size)


def _symbol_messages() -> Iterator[tuple[str, dict[str, Any]]]:
    number = {name: n for n, name in enumerate(ASSETS, start=1)}
    yield "PROTO_OA_ASSET_LIST_RES", {
        "ctidTraderAccountId": FIRST_ACCOUNT,
        "asset": [
            {"assetId": n, "name": name, "displayName": name,
             "digits": CURRENCY_DIGITS.get(name, 2)}
            for name, n in number.items()
        ],
    }  # fmt: skip
    specs = [(n + 1, SYMBOLS[n]) for n in OFFERED]
    yield "PROTO_OA_SYMBOLS_LIST_RES", {
        "ctidTraderAccountId": FIRST_ACCOUNT,
        "symbol": [
            {"symbolId": n, "symbolName": spec.symbol, "enabled": True,
             "baseAssetId": number[spec.base], "quoteAssetId": number[spec.profit],
             "description": spec.description}
            for n, spec in specs
        ],
        "archivedSymbol": [
            {"symbolId": 900, "name": "GERMANY30_OLD", "utcLastUpdateTimestamp": 1_600_000_000_000}
        ],
    }  # fmt: skip
    yield "PROTO_OA_SYMBOL_BY_ID_RES", {
        "ctidTraderAccountId": FIRST_ACCOUNT,
        "symbol": [
            {"symbolId": n, "digits": spec.digits, "pipPosition": max(spec.digits - 1, 0),
             "lotSize": volume_cents(n - 1, 100), "minVolume": volume_cents(n - 1, 1),
             "stepVolume": volume_cents(n - 1, 1), "maxVolume": volume_cents(n - 1, 5_000),
             "swapLong": spec.swap_long, "swapShort": spec.swap_short, "swapRollover3Days": 3,
             "swapCalculationType": 2, "scheduleTimeZone": "America/New_York", "tradingMode": 0}
            for n, spec in specs
        ],
    }  # fmt: skip


def _account_messages(server: CtraderWorld) -> Iterator[tuple[str, dict[str, Any]]]:
    population = server.population
    digits = population.currency_digits
    registered = to_utc_ms(population.registered_ms)
    positions = _positions(server)
    for n in range(population.size):
        account, group = FIRST_ACCOUNT + n, GROUPS[population.group[n]]
        yield "PROTO_OA_TRADER_RES", {
            "ctidTraderAccountId": account,
            "trader": {
                "ctidTraderAccountId": account, "balance": int(server.balance[n]),
                "balanceVersion": int(server.version[n]), "managerBonus": 0, "ibBonus": 0,
                "nonWithdrawableBonus": int(server.bonus[n]), "accessRights": 0,
                "depositAssetId": ASSETS.index(group.currency) + 1, "swapFree": False,
                "leverageInCents": int(population.leverage[n]) * 100,
                "totalMarginCalculationType": 1, "traderLogin": int(population.login[n]),
                "accountType": 1 if group.netting else 0, "brokerName": BROKER,
                "registrationTimestamp": int(registered[n]), "isLimitedRisk": False,
                "moneyDigits": int(digits[n]),
            },
        }  # fmt: skip
        yield "PROTO_OA_CASH_FLOW_HISTORY_LIST_RES", {
            "ctidTraderAccountId": account,
            "depositWithdraw": [
                {"operationType": flow.operation, "balanceHistoryId": FIRST_BALANCE_HISTORY + m,
                 "balance": flow.balance, "delta": flow.amount,
                 "changeBalanceTimestamp": flow.at, "externalNote": flow.note,
                 "balanceVersion": flow.version, "moneyDigits": int(digits[n])}
                for m, flow in enumerate(server.flows)
                if flow.account == n
            ],
        }  # fmt: skip
        yield (
            "PROTO_OA_RECONCILE_RES",
            {
                "ctidTraderAccountId": account,
                "position": positions[n],
            },
        )


def _positions(server: CtraderWorld) -> dict[int, list[dict[str, Any]]]:
    held, population = server.held, server.population
    opened = to_utc_ms(held.opened_ms)
    margin = used_margin(server)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in range(len(held.position)):
        account, symbol = int(held.account[row]), int(held.symbol[row])
        found[account].append(
            {
                "positionId": FIRST_POSITION + int(held.position[row]),
                "tradeData": {
                    "symbolId": symbol + 1,
                    "volume": volume_cents(symbol, abs(int(held.volume[row]))),
                    "tradeSide": 1 if held.volume[row] > 0 else 2,
                    "openTimestamp": int(opened[row]),
                },
                "positionStatus": 1,
                "swap": int(held.storage[row]),
                "price": int(held.price_open[row]) / 10 ** SYMBOLS[symbol].digits,
                "commission": 0,
                "usedMargin": int(margin[row]),
                "utcLastUpdateTimestamp": int(opened[row]),
                "moneyDigits": int(population.currency_digits[account]),
            }
        )
    return found


def used_margin(server: CtraderWorld) -> Any:
    """Margin per open position in minor units: a flat 1,000 a lot at 1:100."""
    held, population = server.held, server.population
    lots = np.abs(held.volume) / 100.0
    per_lot = 100_000.0 / population.leverage[held.account]
    scale = 10.0 ** population.currency_digits[held.account]
    return np.rint(lots * per_lot * scale).astype(np.int64)


def _deal_messages(server: CtraderWorld) -> Iterator[tuple[str, Any]]:
    """(month, deal list of one account), in order of month and account."""
    deals = server.deals
    columns = {name: getattr(deals, name).tolist() for name in Deals.__dataclass_fields__}
    scale = [10.0**spec.digits for spec in SYMBOLS]
    digits = server.population.currency_digits.tolist()
    lists: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in range(deals.count):
        value = {name: column[row] for name, column in columns.items()}
        month = datetime.fromtimestamp(value["at"] // 1000, UTC).strftime("%Y-%m")
        key = (month, value["account"])
        lists[key].append(_deal(row, value, scale[value["symbol"]], digits[value["account"]]))
    for (month, account), items in sorted(lists.items()):
        for start in range(0, len(items), _DEALS_OF_A_MESSAGE):
            yield (
                month,
                api.ProtoOADealListRes(
                    ctidTraderAccountId=FIRST_ACCOUNT + account,
                    deal=items[start : start + _DEALS_OF_A_MESSAGE],
                    hasMore=False,
                ),
            )


def _deal(row: int, value: dict[str, Any], scale: float, digits: int) -> Any:
    symbol = value["symbol"]
    detail = None
    if value["is_closing"]:
        detail = api.ProtoOAClosePositionDetail(
            entryPrice=value["entry_price"] / scale,
            grossProfit=value["gross_profit"],
            swap=value["swap"],
            commission=value["close_commission"],
            balance=value["balance"],
            quoteToDepositConversionRate=value["rate"] / 10**RATE_DIGITS,
            closedVolume=volume_cents(symbol, value["closed"]),
            balanceVersion=value["version"],
            moneyDigits=digits,
            pnlConversionFee=value["conversion_fee"],
        )
    return api.ProtoOADeal(
        dealId=FIRST_DEAL + row,
        orderId=FIRST_ORDER + row,
        positionId=FIRST_POSITION + value["position"],
        volume=volume_cents(symbol, value["volume"]),
        filledVolume=volume_cents(symbol, value["filled"]),
        symbolId=symbol + 1,
        createTimestamp=value["at"] - 85,
        executionTimestamp=value["at"],
        utcLastUpdateTimestamp=value["at"],
        executionPrice=value["price"] / scale,
        tradeSide="BUY" if value["buys"] else "SELL",
        dealStatus=value["status"],
        commission=value["commission"],
        moneyDigits=digits,
        closePositionDetail=detail,
    )


def _frame(payload: str, message: Any) -> bytes:
    return framed(
        api.ProtoMessage(
            payloadType=_PAYLOADS.Value(payload),
            payload=message.SerializeToString(deterministic=True),
        )
    )


def _write_lines(path: Path, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    path.write_text(
        "".join(
            json.dumps({"payloadType": int(_PAYLOADS.Value(name)), "payload": payload}) + "\n"
            for name, payload in messages
        ),
        encoding="utf-8",
    )
