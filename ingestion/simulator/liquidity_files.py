"""What the two providers deliver: lp_alpha mapped CSV files, lp_beta a FIX drop copy and a CSV."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import count
from pathlib import Path

import polars as pl

from ingestion.simulator.clock import DAY_MS, HOUR_MS, IntArray, day_of
from ingestion.simulator.crm import write_csv
from ingestion.simulator.hedging import ALPHA, BETA
from ingestion.simulator.liquidity import ACCOUNTS, ProviderBooks, provider_books
from ingestion.simulator.liquidity_mappings import ALPHA_MAPPING, BETA_MAPPING
from ingestion.simulator.market import CURRENCY_DIGITS, SYMBOLS
from ingestion.simulator.world import World

SENDER, RECEIVER = "LPBETA", "HARBOURLANE"
_SOH = "\x01"
_CHANGED_MS = 2 * HOUR_MS
"""A fill is cancelled or corrected two hours after it was made."""
_WORDS = {"trade_pnl": "Settlement", "commission": "Commission", "swap": "Financing",
          "deposit": "Funding"}  # fmt: skip


def name_at(provider: str, symbol: int) -> str:
    """How a provider spells an instrument; empty for none."""
    if symbol < 0:
        return ""
    name = SYMBOLS[symbol].symbol
    if provider == ALPHA:
        return name
    return "SPX500" if name == "US500" else f"{name[:3]}/{name[3:]}"


def write_liquidity(world: World, folder: Path) -> dict[str, int]:
    """Every file of both providers and their mappings; gives rows per kind of file."""
    alpha, beta = provider_books(world)
    for name, mapping in ((ALPHA, ALPHA_MAPPING), (BETA, BETA_MAPPING)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.toml").write_text(mapping, encoding="utf-8")
    period = f"{day_of(world.window.first):%Y%m%d}_{day_of(world.window.last):%Y%m%d}"
    return {
        "lp_alpha_fills": _write_alpha_fills(alpha, folder / ALPHA),
        "lp_alpha_statement": _write_alpha_statement(
            alpha, folder / ALPHA / f"statement_{period}.csv"
        ),
        "lp_beta_messages": _write_beta_logs(beta, folder / BETA),
        "lp_beta_statement": _write_beta_statement(beta, folder / BETA / f"eod_{period}.csv"),
    }


def prices(points: IntArray, symbol: IntArray) -> list[str]:
    """Prices of points, in the digits of each symbol."""
    digits = [spec.digits for spec in SYMBOLS]
    return [
        f"{point / 10 ** digits[n]:.{digits[n]}f}"
        for point, n in zip(points.tolist(), symbol.tolist(), strict=True)
    ]


def _money(minor: int, currency: str) -> str:
    digits = CURRENCY_DIGITS[currency]
    return f"{minor / 10**digits:.{digits}f}"


def _german(text: str) -> str:
    """Decimal comma, and a no-break space between thousands."""
    whole, _, part = text.partition(".")
    if len(whole) <= 3:
        return f"{whole},{part}" if part else whole
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(whole):,}".replace(",", "\u00a0")
    return f"{sign}{grouped},{part}" if part else f"{sign}{grouped}"


def _write_alpha_fills(books: ProviderBooks, folder: Path) -> int:
    """One file a month, and one with what was taken back or corrected afterwards."""
    header = ("Exec ID", "Ref ID", "State", "Date", "Time", "Order", "Client order", "Instrument",
              "B/S", "Lots", "Rate", "Commission", "Ccy", "Account")  # fmt: skip
    fills = books.fills
    symbol = fills["symbol"].to_numpy()
    first = prices(fills["first_price"].to_numpy(), symbol)
    last = prices(fills["price"].to_numpy(), symbol)
    at = pl.from_epoch(fills["utc_ms"], time_unit="ms").dt.replace_time_zone("UTC")
    london = at.dt.convert_time_zone("Europe/London")
    dates = london.dt.to_string("%d.%m.%Y").to_list()
    times = london.dt.to_string("%H:%M:%S%.3f").to_list()
    months: dict[str, list[Sequence[object]]] = defaultdict(list)
    changes: list[Sequence[object]] = []
    rows = zip(fills.iter_rows(named=True), first, last, dates, times, strict=True)
    for row, before, after, date_text, time_text in rows:
        spec = SYMBOLS[row["symbol"]]
        number = f"A{row['number']:07d}"
        who = (f"AO{row['deal']}", row["deal"], spec.symbol, "B" if row["side"] > 0 else "S",
               _german(f"{row['lots'] / 100:.2f}"))  # fmt: skip

        def line(
            exec_id: str, ref: str, state: str, price: str, commission: int,
            when: tuple[str, str] = (date_text, time_text), who: Sequence[object] = who,
            currency: str = spec.profit,
        ) -> Sequence[object]:  # fmt: skip
            cost = _german(_money(-commission, currency))
            return (exec_id, ref, state, *when, *who, _german(price), cost, currency,
                    ACCOUNTS[ALPHA])  # fmt: skip

        month = date_text[6:] + date_text[3:5]
        months[month].append(line(number, "", "Done", before, row["first_commission"]))
        if row["state"] == "cancelled":
            changes.append(line(number, "", "Busted", before, 0))
        elif row["state"] == "corrected":
            changes.append(line(f"{number}C", number, "Corrected", after, row["commission"]))
    files = {f"fills_{month}.csv": lines for month, lines in sorted(months.items())}
    files["fills_late_changes.csv"] = changes
    for name, lines in files.items():
        write_lines(folder / name, f"Fills of {ACCOUNTS[ALPHA]}", header, lines)
    return sum(map(len, files.values()))


def write_lines(
    path: Path, title: str, header: Sequence[str], lines: Iterable[Sequence[object]]
) -> None:
    """A file with a title line above its header, fields between semicolons."""
    rows = (";".join(map(str, line)) for line in [header, *lines])
    path.write_text("\n".join([title, *rows]) + "\n", encoding="utf-8")


def _statement(books: ProviderBooks) -> Iterable[tuple[date, str, str, str, int]]:
    """(day, kind, instrument, currency, minor units): opening, lines, closing of every day."""
    lines: dict[tuple[int, str], list[tuple[str, str, int]]] = defaultdict(list)
    for day, kind, symbol, currency, minor in books.lines.iter_rows():
        lines[day, currency].append((_WORDS[kind], name_at(books.name, symbol), minor))
    for day, currency, opening, closing in books.balances.iter_rows():
        yield day_of(day), "opening", "", currency, opening
        for word, instrument, minor in lines.get((day, currency), ()):
            yield day_of(day), word, instrument, currency, minor
        yield day_of(day), "closing", "", currency, closing


def _write_alpha_statement(books: ProviderBooks, path: Path) -> int:
    words = {"opening": "Balance brought forward", "closing": "Balance carried forward"}
    header = ("Date", "Account", "Type", "Instrument", "Amount", "Ccy")
    rows = [
        (f"{day:%d.%m.%Y}", ACCOUNTS[ALPHA], words.get(kind, kind), instrument,
         _german(_money(minor, currency)), currency)
        for day, kind, instrument, currency, minor in _statement(books)
    ]  # fmt: skip
    text = "\n".join(";".join(row) for row in [header, *rows])
    path.write_text(text + "\n", encoding="utf-8")
    return len(rows)


def _write_beta_statement(books: ProviderBooks, path: Path) -> int:
    words = {"opening": "OPEN", "closing": "CLOSE"}
    return write_csv(
        path,
        ("Reference", "Value date", "Account", "Kind", "Product", "Amount", "Currency", "Desk"),
        (
            (f"{day:%y%m%d}-{number:06d}", day, ACCOUNTS[BETA], words.get(kind, kind), instrument,
             _money(minor, currency), currency, "eFX")
            for number, (day, kind, instrument, currency, minor) in enumerate(_statement(books), 1)
        ),
    )  # fmt: skip


def _write_beta_logs(books: ProviderBooks, folder: Path) -> int:
    """A log a month, each a session that begins anew; one message of the first is sent twice."""
    by_month: dict[str, list[tuple[int, str]]] = defaultdict(list)
    fills = books.fills
    symbol = fills["symbol"].to_numpy()
    first = prices(fills["first_price"].to_numpy(), symbol)
    last = prices(fills["price"].to_numpy(), symbol)
    for row, before, after in zip(fills.iter_rows(named=True), first, last, strict=True):
        for at, body in _executions(row, before, after):
            by_month[_fix_time(at)[:6]].append((at, body))
    total = 0
    for month, events in sorted(by_month.items()):
        lines = _session(sorted(events, key=lambda event: event[0]), is_first=total == 0)
        (folder / f"drop_copy_{month}.log").write_text("\n".join(lines) + "\n", encoding="latin-1")
        total += len(lines)
    return total


def _executions(row: dict[str, int | str], before: str, after: str) -> list[tuple[int, str]]:
    """(time, fields after the head) of the reports about one fill."""
    spec = SYMBOLS[int(row["symbol"])]
    at, number, deal = int(row["utc_ms"]), f"B{row['number']:07d}", row["deal"]
    tenths = int(row["tenths"])
    quantity = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
    status = "2" if int(row["part"]) + 1 == int(row["parts"]) else "1"

    def report(exec_id: str, kind: str, state: str, price: str, commission: int, ref: str) -> str:
        fields = [
            f"1={ACCOUNTS[BETA]}", f"37=BO{deal}", f"11=D{deal}", f"17={exec_id}",
            *([f"19={ref}"] if ref else []), f"150={kind}", f"39={state}",
            f"55={name_at(BETA, int(row['symbol']))}", f"54={1 if int(row['side']) > 0 else 2}",
            f"32={quantity}", f"31={price}", f"15={spec.base}",
            f"12={_money(-commission, spec.profit)}", "13=3", f"479={spec.profit}",
            f"60={_fix_time(at)}", f"880=T{number}",
        ]  # fmt: skip
        return _SOH.join(fields)

    found = [(at, report(number, "F", status, before, int(row["first_commission"]), ""))]
    if row["state"] == "cancelled":
        found.append((at + _CHANGED_MS, report(f"{number}H", "H", "4", before, 0, number)))
    elif row["state"] == "corrected":
        changed = report(f"{number}G", "G", status, after, int(row["commission"]), number)
        found.append((at + _CHANGED_MS, changed))
    return found


def _session(events: list[tuple[int, str]], *, is_first: bool) -> list[str]:
    """Log lines of one session: logon, executions with a heartbeat a day, logout."""
    numbers = count(1)
    lines = [_logged(events[0][0] - 60_000, next(numbers), "A", f"98=0{_SOH}108=30{_SOH}141=Y")]
    day = events[0][0] // DAY_MS
    for place, (at, body) in enumerate(events):
        if at // DAY_MS != day:
            day = at // DAY_MS
            lines.append(_logged(at - 1, next(numbers), "0", ""))
        number = next(numbers)
        lines.append(_logged(at, number, "8", body))
        if is_first and place == len(events) // 2:
            # Asked for again: the same number, flagged, with the time it was sent first.
            lines.append(_logged(at + 5_000, number, "8", body, sent_first=at))
    return [*lines, _logged(events[-1][0] + 60_000, next(numbers), "5", "")]


def _logged(at: int, number: int, kind: str, body: str, sent_first: int | None = None) -> str:
    """A message as the log shows it, with the time it came before it."""
    head = [f"35={kind}", f"49={SENDER}", f"56={RECEIVER}", f"34={number}"]
    if sent_first is not None:
        head += ["43=Y", f"122={_fix_time(sent_first)}"]
    head.append(f"52={_fix_time(at)}")
    content = _SOH.join([*head, body] if body else head) + _SOH
    whole = f"8=FIX.4.4{_SOH}9={len(content)}{_SOH}{content}"
    total = sum(whole.encode("ascii")) % 256
    return f"{_fix_time(at)} : {whole}10={total:03d}{_SOH}"


def _fix_time(utc_ms: int) -> str:
    seconds, ms = divmod(utc_ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{_fix_day(days)}-{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}"


@lru_cache(maxsize=4096)
def _fix_day(epoch_days: int) -> str:
    return f"{day_of(epoch_days):%Y%m%d}"
