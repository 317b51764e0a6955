"""A small cTrader broker of the tests' own: accounts, deals and cash flows as messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.frames import framed
from warehouse.settings import SourceSettings

PAYLOADS: Any = api.ProtoOAPayloadType
ACCOUNT, LOGIN = 11, 3_000_001
# 2026-03-02 10:00 UTC.
START = 1_772_445_600_000
HOUR, DAY = 3_600_000, 86_400_000


def source(path: Path, name: str = "ctrader_live", **options: Any) -> SourceSettings:
    """A folder of messages."""
    return SourceSettings(name=name, kind="ctrader", path=path, options=options)


def trader(account: int = ACCOUNT, **values: Any) -> api.ProtoOATrader:
    """An account."""
    return api.ProtoOATrader(
        **{
            "ctidTraderAccountId": account,
            "balance": 100_000,
            "balanceVersion": 1,
            "depositAssetId": 1,
            "traderLogin": LOGIN + account - ACCOUNT,
            "moneyDigits": 2,
            "leverageInCents": 10_000,
            "accountType": 0,
            "accessRights": 0,
            "brokerName": "harbour",
            "registrationTimestamp": START,
            "swapFree": False,
        }
        | values
    )


def deal(number: int, **values: Any) -> api.ProtoOADeal:
    """An opening deal of 10,000 EUR."""
    at = START + number * HOUR
    return api.ProtoOADeal(
        **{
            "dealId": number,
            "orderId": 1000 + number,
            "positionId": 500 + number,
            "volume": 1_000_000,
            "filledVolume": 1_000_000,
            "symbolId": 1,
            "createTimestamp": at,
            "executionTimestamp": at,
            "utcLastUpdateTimestamp": at,
            "executionPrice": 1.1403699999999999,
            "tradeSide": 1,
            "dealStatus": 2,
            "commission": -35,
            "moneyDigits": 2,
        }
        | values
    )


def closing(number: int, version: int, profit: int = 1234, **values: Any) -> api.ProtoOADeal:
    """A closing deal; the balance it leaves is made up."""
    return deal(
        number,
        tradeSide=2,
        closePositionDetail=api.ProtoOAClosePositionDetail(
            entryPrice=1.14,
            grossProfit=profit,
            swap=-12,
            commission=-70,
            balance=100_000 + profit - 82,
            closedVolume=1_000_000,
            balanceVersion=version,
            moneyDigits=2,
            quoteToDepositConversionRate=1.0,
        ),
        **values,
    )


def cash(number: int, version: int, **values: Any) -> api.ProtoOADepositWithdraw:
    """A deposit of 1,000."""
    return api.ProtoOADepositWithdraw(
        **{
            "operationType": 0,
            "balanceHistoryId": 9000 + number,
            "balance": 100_000,
            "delta": 100_000,
            "changeBalanceTimestamp": START + number * HOUR,
            "balanceVersion": version,
            "moneyDigits": 2,
            "externalNote": "CRM-D-1",
        }
        | values
    )


def position(number: int, **values: Any) -> api.ProtoOAPosition:
    """An open position of 10,000 EUR."""
    return api.ProtoOAPosition(
        **{
            "positionId": 500 + number,
            "tradeData": api.ProtoOATradeData(
                symbolId=1, volume=1_000_000, tradeSide=1, openTimestamp=START + number * HOUR
            ),
            "positionStatus": 1,
            "swap": -12,
            "price": 1.14037,
            "commission": -35,
            "usedMargin": 11_400,
            "moneyDigits": 2,
            "utcLastUpdateTimestamp": START + number * HOUR,
        }
        | values
    )


def deals(*items: api.ProtoOADeal, account: int = ACCOUNT, more: bool = False) -> Any:
    """A deal list."""
    return api.ProtoOADealListRes(ctidTraderAccountId=account, deal=items, hasMore=more)


def flows(*items: api.ProtoOADepositWithdraw, account: int = ACCOUNT) -> Any:
    """A cash-flow history."""
    return api.ProtoOACashFlowHistoryListRes(ctidTraderAccountId=account, depositWithdraw=items)


def traders(item: api.ProtoOATrader) -> Any:
    """An account's state."""
    return api.ProtoOATraderRes(ctidTraderAccountId=item.ctidTraderAccountId, trader=item)


def positions(*items: api.ProtoOAPosition, account: int = ACCOUNT) -> Any:
    """Open positions of an account."""
    return api.ProtoOAReconcileRes(ctidTraderAccountId=account, position=items)


def names(account: int = ACCOUNT) -> list[Any]:
    """Assets and symbols."""
    return [
        api.ProtoOAAssetListRes(
            ctidTraderAccountId=account,
            asset=[
                api.ProtoOAAsset(assetId=1, name="USD", displayName="USD", digits=2),
                api.ProtoOAAsset(assetId=2, name="EUR", displayName="EUR", digits=2),
            ],
        ),
        api.ProtoOASymbolsListRes(
            ctidTraderAccountId=account,
            symbol=[
                api.ProtoOALightSymbol(
                    symbolId=1, symbolName="EURUSD", enabled=True, baseAssetId=2, quoteAssetId=1
                )
            ],
            archivedSymbol=[
                api.ProtoOAArchivedSymbol(symbolId=2, name="GONE", utcLastUpdateTimestamp=START)
            ],
        ),
        api.ProtoOASymbolByIdRes(
            ctidTraderAccountId=account,
            symbol=[api.ProtoOASymbol(symbolId=1, digits=5, pipPosition=4, lotSize=10_000_000)],
        ),
    ]


_PAYLOAD_OF = {
    "ProtoOAAssetListRes": "PROTO_OA_ASSET_LIST_RES",
    "ProtoOASymbolsListRes": "PROTO_OA_SYMBOLS_LIST_RES",
    "ProtoOASymbolByIdRes": "PROTO_OA_SYMBOL_BY_ID_RES",
    "ProtoOATraderRes": "PROTO_OA_TRADER_RES",
    "ProtoOADealListRes": "PROTO_OA_DEAL_LIST_RES",
    "ProtoOACashFlowHistoryListRes": "PROTO_OA_CASH_FLOW_HISTORY_LIST_RES",
    "ProtoOAReconcileRes": "PROTO_OA_RECONCILE_RES",
    "ProtoOAErrorRes": "PROTO_OA_ERROR_RES",
    "ProtoHeartbeatEvent": "HEARTBEAT_EVENT",
    "ProtoOAApplicationAuthRes": "PROTO_OA_APPLICATION_AUTH_RES",
    "ProtoOAAccountAuthRes": "PROTO_OA_ACCOUNT_AUTH_RES",
    "ProtoOAGetAccountListByAccessTokenRes": "PROTO_OA_GET_ACCOUNTS_BY_ACCESS_TOKEN_RES",
    "ProtoOAAccountDisconnectEvent": "PROTO_OA_ACCOUNT_DISCONNECT_EVENT",
    "ProtoOAClientDisconnectEvent": "PROTO_OA_CLIENT_DISCONNECT_EVENT",
}


def enveloped(message: Any, reference: str = "") -> api.ProtoMessage:
    """A message in its envelope."""
    return api.ProtoMessage(
        payloadType=PAYLOADS.Value(_PAYLOAD_OF[message.DESCRIPTOR.name]),
        payload=message.SerializeToString(),
        clientMsgId=reference or None,
    )


def as_frames(*messages: Any) -> bytes:
    """What a ``.pb`` file holds."""
    return b"".join(framed(enveloped(message)) for message in messages)


def as_objects(*messages: Any, named: bool = False) -> list[dict[str, Any]]:
    """The JSON form: codes as numbers like the API's own, or as names like protobuf's printer."""
    return [
        {
            "payloadType": _PAYLOAD_OF[m.DESCRIPTOR.name]
            if named
            else PAYLOADS.Value(_PAYLOAD_OF[m.DESCRIPTOR.name]),
            "payload": json_format.MessageToDict(m, use_integers_for_enums=not named),
        }
        for m in messages
    ]


def as_lines(*messages: Any, named: bool = False) -> str:
    """What a ``.jsonl`` file holds."""
    return "".join(json.dumps(o) + "\n" for o in as_objects(*messages, named=named))
