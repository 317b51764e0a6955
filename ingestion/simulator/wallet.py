"""A wallet provider with an export of its own making, and the mapping that reads it.

Semicolons, decimal commas, cp1252, two lines above the header and a total below, times of Berlin,
debit and credit columns. Each week and currency is one settlement: what came in less what went out
and fees is paid out on Friday, or collected where it is less than nothing. Files are by month and
repeat the last days of the month before.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, HOUR_MS, MINUTE_MS, day_of, to_utc_ms
from ingestion.simulator.coinspaid import totals_frame
from ingestion.simulator.crm import main_amount, psp_references
from ingestion.simulator.market import CURRENCY_DIGITS, main_currency
from ingestion.simulator.population import client_id
from ingestion.simulator.routing import WALLET, provider_of
from ingestion.simulator.world import World

CONFIGURATION = (
    '[[sources]]\nname = "wallet"\nkind = "psp"\npath = "wallet/export"\n'
    'options = { mapping = "wallet/mapping.toml" }\n'
)
_BERLIN = ZoneInfo("Europe/Berlin")
_OVERLAP_DAYS = 3
_MAPPING = """\
# Written by `daybook simulate`: how the simulated wallet's export is read.
provider = "wallet"

[file]
format = "csv"
patterns = ["*.csv"]
encoding = "cp1252"
delimiter = ";"
skip_lines = 2
footer_rows = 1

[columns]
event_id = "Vorgang"
parent_id = "Bezug"
merchant_reference = "Händler-Referenz"
client_reference = "Kunde"
payer_email = "E-Mail"
event_type = "Art"
status = "Status"
gross_currency = "Währung"
debit_amount = "Soll"
credit_amount = "Haben"
fee_amounts = "Gebühr"
event_time = "Zeitpunkt"
value_date = "Wertstellung"
batch_id = "Abrechnung"

[numbers]
decimal = ","
thousands = "."

[time]
formats = "%d.%m.%Y %H:%M:%S"
zone = "Europe/Berlin"
value_date_formats = "%d.%m.%Y"

[sign]
rule = "debit_credit"

[statuses]
gebucht = "settled"
ausgezahlt = "paid_out"
abgelehnt = "declined"

[types]
Einzahlung = "deposit"
Auszahlung = "withdrawal"
Erstattung = "refund"
Abrechnung = "payout"
"""
_HEADER = (
    "Vorgang;Bezug;Händler-Referenz;Kunde;E-Mail;Art;Status;Währung;Soll;Haben;Gebühr;"
    "Zeitpunkt;Wertstellung;Abrechnung"
)


@dataclass(frozen=True)
class WalletLine:
    """One line of the export: amount above zero where the broker's balance grows."""

    event_id: str
    parent_id: str
    request: str
    client: str
    kind: str
    status: str
    currency: str
    amount: Decimal
    fee: Decimal
    at: datetime
    batch: str = ""

    @property
    def net(self) -> Decimal:
        """What the line leaves in the settlement."""
        return self.amount - self.fee


def _instant(server_ms: int) -> datetime:
    utc = int(to_utc_ms(np.array([server_ms], dtype=np.int64))[0])
    return datetime.fromtimestamp(utc // 1000, UTC)


def _in_minor_units(amount: Decimal, currency: str) -> Decimal:
    step = Decimal(1).scaleb(-CURRENCY_DIGITS[currency])
    return amount.quantize(step, rounding=ROUND_HALF_UP)


def wallet_lines(world: World) -> list[WalletLine]:
    """Deposits and withdrawals with fees, attempts that were declined, one refund, settlements."""
    references = psp_references(world)
    lines: list[WalletLine] = []
    for number, operation in enumerate(
        o for o in world.cash.operations if o.request and provider_of(o) == WALLET
    ):
        currency = main_currency(world.population.currency[operation.account])
        units = main_amount(operation, world.population)
        deposit = operation.amount > 0
        reference = references[operation.request]
        share = Decimal("0.019") if deposit else Decimal("0.005")
        line = WalletLine(
            reference, "", str(operation.request),
            client_id(int(world.population.client[operation.account])),
            "Einzahlung" if deposit else "Auszahlung", "gebucht", currency,
            units if deposit else -units, _in_minor_units(units * share, currency),
            _instant(operation.server_ms - MINUTE_MS),
        )  # fmt: skip
        lines.append(line)
        if deposit and number % 6 == 3:
            lines.append(
                replace(
                    line, event_id=f"{reference}-0", status="abgelehnt", fee=Decimal(0),
                    at=line.at - timedelta(minutes=4),
                )
            )  # fmt: skip
    first = next((line for line in lines if line.kind == "Einzahlung"), None)
    if first is not None:
        back = _in_minor_units(first.amount / 50, first.currency)
        when = first.at + timedelta(days=2)
        if when < _instant(world.window.end_ms):
            lines.append(
                replace(first, event_id=f"{first.event_id}-R", parent_id=first.event_id,
                        request="", kind="Erstattung", amount=-back, fee=Decimal(0), at=when)
            )  # fmt: skip
    return _settled(world, lines)


def _settled(world: World, lines: list[WalletLine]) -> list[WalletLine]:
    """Lines with their settlement, and one line that pays each settlement out."""
    fridays = [int(day) for day in world.window.all_days() if (int(day) + 3) % 7 == 4]
    cuts = [(day, _instant(day * DAY_MS + 16 * HOUR_MS)) for day in fridays]
    settled: list[WalletLine] = []
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for line in sorted(lines, key=lambda item: (item.at, item.event_id)):
        day = next((day for day, cut in cuts if line.at <= cut), None)
        if day is None or line.status == "abgelehnt":
            settled.append(line)
            continue
        batch = f"S{day_of(day):%Y%m%d}{line.currency}"
        settled.append(replace(line, batch=batch))
        totals[batch] += line.net
    for batch, total in totals.items():
        day = next(day for day, _ in cuts if f"{day_of(day):%Y%m%d}" == batch[1:9])
        settled.append(
            WalletLine(
                f"P{batch}", "", "", "", "Abrechnung", "ausgezahlt", batch[9:], -total, Decimal(0),
                _instant(day * DAY_MS + 16 * HOUR_MS), batch,
            )
        )  # fmt: skip
    return sorted(settled, key=lambda item: (item.at, item.event_id))


def _german(amount: Decimal, currency: str) -> str:
    text = f"{amount:,.{CURRENCY_DIGITS[currency]}f}"
    return text.translate(str.maketrans(",.", ".,"))


def _text(line: WalletLine) -> str:
    local = line.at.astimezone(_BERLIN)
    size = _german(abs(line.amount), line.currency)
    return ";".join(
        (
            line.event_id, line.parent_id, line.request, line.client,
            f"{line.client.lower()}@example.com" if line.client else "", line.kind, line.status,
            line.currency, size if line.amount < 0 else "", "" if line.amount < 0 else size,
            _german(line.fee, line.currency), f"{local:%d.%m.%Y %H:%M:%S}",
            f"{local + timedelta(days=1):%d.%m.%Y}", line.batch,
        )
    )  # fmt: skip


def write_wallet(world: World, folder: Path) -> dict[str, int]:
    """The export by month in ``export/``, and ``mapping.toml`` beside it."""
    export = folder / "export"
    export.mkdir(parents=True, exist_ok=True)
    (folder / "mapping.toml").write_text(_MAPPING, encoding="utf-8")
    lines = wallet_lines(world)
    months = sorted({f"{line.at.astimezone(_BERLIN):%Y-%m}" for line in lines})
    for month in months:
        begins = datetime.fromisoformat(f"{month}-01").replace(tzinfo=_BERLIN)
        held = [
            _text(line)
            for line in lines
            if line.at >= begins - timedelta(days=_OVERLAP_DAYS)
            and f"{line.at.astimezone(_BERLIN):%Y-%m}" <= month
        ]
        text = "\r\n".join(
            ("Kontoauszug Händlerkonto", f"Zeitraum;{month}", _HEADER, *held,
             f"Summe;{len(held)} Vorgänge", "")
        )  # fmt: skip
        (export / f"kontoauszug_{month}.csv").write_bytes(text.encode("cp1252"))
    return {"wallet_lines": len(lines)}


def wallet_truth(world: World) -> dict[str, pl.DataFrame]:
    """Per currency: what moved, gross, fees, net, and how many lines; settlements included."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for line in wallet_lines(world):
        if line.status != "abgelehnt":
            held = sums[line.currency]
            sums[line.currency] = [
                held[0] + line.amount, held[1] + line.fee, held[2] + line.net, held[3] + 1,
            ]  # fmt: skip
    return {"wallet_totals": totals_frame("wallet", sums)}
