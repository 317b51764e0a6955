"""A FIX 4.4 drop copy as fills: Execution Reports of a log file, counted once.

Read are trades (ExecType F), cancellations (H) and corrections (G); in versions before 4.3 a trade
is ExecType 1 or 2, and ExecTransType says what is taken back or corrected. Everything else is
counted and left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence as Rows
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.lp.contract import CHECKED, FILLS, FIX_LOGS
from ingestion.connectors.lp.fills import with_volume
from ingestion.connectors.lp.fix_messages import BrokenOff, FixMessage, messages
from ingestion.connectors.lp.mapping import Volume
from ingestion.connectors.lp.sequences import Sequence, ranges
from ingestion.problems import Problem

_KINDS = {"F": "trade", "H": "cancel", "G": "correct"}
_EARLIER_KINDS = {"1": "trade", "2": "trade"}
_SIDES = {"1": "buy", "2": "sell", "3": "buy", "4": "sell", "5": "sell", "6": "sell"}
_TEXTS = {
    "fill_id": 17, "ref_fill_id": 19, "order_id": 37, "client_order_id": 11, "trade_id": 880,
    "account": 1, "symbol": 55, "quantity": 32, "price": 31, "currency": 15, "market": 30,
    "order_status": 39, "comment": 58,
}  # fmt: skip
_PER_UNIT, _ABSOLUTE = "1", "3"
_SHOWN = 10
_HEAD = 1 << 16


@dataclass
class _Session:
    """One direction of a FIX session: who sent, to whom, and what."""

    counts: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    numbers: Sequence = field(default_factory=Sequence)


def is_drop_copy(path: Path) -> bool:
    """Whether a file is a log of FIX messages, by its first lines."""
    with path.open("rb") as file:
        return b"8=FIX" in file.read(_HEAD)


def read_drop_copy(file: DroppedFile, volume: Volume) -> Rows[TableRows]:
    """Fills of a log, and a line about each session in it."""
    text = file.path.read_bytes().decode("latin-1")
    sessions: dict[str, _Session] = {}
    executions: list[dict[str, str | int | None]] = []
    broken: list[int] = []
    cut: list[int] = []
    for message in messages(text):
        if isinstance(message, BrokenOff):
            cut.append(message.line)
            continue
        name = f"{message.get(49)}>{message.get(56)}"
        session = sessions.setdefault(name, _Session())
        session.counts["messages"] += 1
        kind = _kind(message)
        if message.defect:
            session.counts["bad_messages"] += 1
            if not kind:
                broken.append(message.line)
        else:
            session.numbers.see(message)
        if kind:
            session.counts[kind] += not message.defect
            executions.append(_execution(message, name, kind))
        else:
            session.ignored[_type(message)] += 1
    fills = with_volume(_frame(file.name, executions), volume)
    problems = [
        *_gap_problems(file.name, sessions),
        *_damage_problems(file.name, broken, cut, text.rstrip("\r\n").count("\n") + 1),
    ]
    logs = _logs(file.name, sessions)
    return [TableRows(FILLS, _once(fills), problems), TableRows(FIX_LOGS, logs)]


def _kind(message: FixMessage) -> str:
    if message.get(35) != "8":
        return ""
    if message.get(8) >= "FIX.4.3":
        return _KINDS.get(message.get(150), "")
    kind = (_KINDS | _EARLIER_KINDS).get(message.get(150), "")
    # ExecTransType(20): 0 new, 1 cancel, 2 correct, 3 status.
    return {"1": "cancel", "2": "correct", "3": ""}.get(message.get(20), kind)


def _type(message: FixMessage) -> str:
    """What an ignored message is: its type, an execution report with its ExecType."""
    kind = message.get(35)
    return f"8/{message.get(150)}" if kind == "8" else kind


def _execution(message: FixMessage, session: str, kind: str) -> dict[str, str | int | None]:
    row: dict[str, str | int | None] = {
        name: message.get(tag) or None for name, tag in _TEXTS.items()
    }
    moment = _moment(message.get(60))
    # A resend has the sending time of the first time in OrigSendingTime(122).
    sent = message.get(122) if message.get(43) == "Y" else message.get(52)
    commission, trouble = _commission(message)
    if message.defect and not row["fill_id"]:
        row["fill_id"] = f"line {message.line}"
    return row | {
        "session": session,
        "kind": kind,
        "side": _SIDES.get(message.get(54), message.get(54) or None),
        "commission": commission,
        "commission_currency": message.get(479) or message.get(15) or None,
        "executed_at": moment,
        "executed_on": (moment or "")[:10] or None,
        "value_date": _day(message.get(64)),
        "sent_at": _moment(sent or message.get(52)),
        "msg_seq_num": message.get(34) or None,
        "integrity": message.defect or trouble or CHECKED,
        "possible_resend": "Y" if "Y" in (message.get(43), message.get(97)) else "",
        SOURCE_ROW: message.line,
    }


def _moment(text: str) -> str | None:
    """``20261030-12:34:56.789`` as ISO; FIX times are UTC."""
    if not text:
        return None
    day, _, time = text.partition("-")
    return f"{_day(day)} {time}"


def _day(text: str) -> str | None:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else text or None


def _commission(message: FixMessage) -> tuple[str | None, str]:
    """Commission(12) as a charge, by CommType(13): an amount, or so much for each unit."""
    stated, form = message.get(12), message.get(13) or _ABSOLUTE
    if not stated:
        return None, ""
    try:
        amount = -Decimal(stated)
        if form == _PER_UNIT:
            amount *= Decimal(message.get(32))
    except InvalidOperation:
        return stated, ""
    if form not in (_PER_UNIT, _ABSOLUTE):
        return None, f"CommType(13) is {form}: the commission is no amount"
    return format(amount + 0, "f"), ""


def _frame(name: str, executions: list[dict[str, str | int | None]]) -> pl.DataFrame:
    texts = [column.target for column in FILLS.columns] + ["possible_resend"]
    schema: dict[str, pl.DataType] = {text: pl.String() for text in texts}
    return pl.DataFrame(executions, schema=schema | {SOURCE_ROW: pl.Int64()}).with_columns(
        pl.lit("fix").alias("format"),
        pl.lit("UTC").alias("time_zone"),
        pl.lit(name).alias(SOURCE_TABLE),
    )


def _once(fills: pl.DataFrame) -> pl.DataFrame:
    """Without copies of one execution: a damaged one that came whole, one that came again.

    A resend (PossDupFlag under its old number, PossResend under a new one) that says the same is
    the first one; what says something else under the same id is left for the checks to refuse.
    """
    key = ["executed_on", "session", "fill_id"]
    whole = fills.filter(pl.col("integrity") == CHECKED)
    damaged = fills.filter(pl.col("integrity") != CHECKED)
    same_number = ["session", "msg_seq_num"]
    damaged = damaged.join(whole.filter(pl.col("msg_seq_num").is_not_null()), on=same_number,
                           how="anti").join(whole, on=key, how="anti")  # fmt: skip
    said = [c.target for c in FILLS.columns if c.target not in ("sent_at", "msg_seq_num")]
    again = (pl.col("possible_resend") == "Y") & ~pl.struct(said).is_first_distinct()
    return pl.concat([whole.filter(~again), damaged]).sort(SOURCE_ROW).drop("possible_resend")


def _gap_problems(name: str, sessions: dict[str, _Session]) -> list[Problem]:
    return [
        Problem(
            FIX_LOGS.table,
            "warning",
            f"{name}: {len(gaps)} messages of session {session} are missing, MsgSeqNum "
            f"{_shortened(ranges(gaps))}.",
            "ask the provider to send them again and deliver the log that holds them",
        )
        for session, found in sessions.items()
        if (gaps := found.numbers.gaps)
    ]


def _damage_problems(name: str, broken: list[int], cut: list[int], lines: int) -> list[Problem]:
    problems = []
    if broken:
        listed = _shortened(", ".join(map(str, broken)))
        problems.append(
            Problem(
                FIX_LOGS.table,
                "warning",
                f"{name}: {len(broken)} messages that are no executions have a wrong length or "
                f"check sum, lines {listed}.",
                "nothing is lost by them; check how the log is written",
            )
        )
    if [line for line in cut if line < lines]:
        listed = _shortened(", ".join(str(line) for line in cut if line < lines))
        problems.append(
            Problem(
                FILLS.table,
                "error",
                f"{name}: messages break off before their CheckSum(10) in lines {listed}; "
                "the others were loaded.",
                "ask the provider to send them again; a log must not be cut while it is copied",
            )
        )
    if lines in cut:
        problems.append(
            Problem(
                FILLS.table,
                "warning",
                f"{name} ends inside a message (line {lines}), which was not loaded.",
                "deliver the log again once it is written; what was loaded is not loaded twice",
            )
        )
    return problems


def _shortened(listed: str) -> str:
    parts = listed.split(", ")
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more


def _logs(name: str, sessions: dict[str, _Session]) -> pl.DataFrame:
    rows = [
        {
            "file_name": name,
            "session": session,
            "messages": found.counts["messages"],
            "trades": found.counts["trade"],
            "cancels": found.counts["cancel"],
            "corrections": found.counts["correct"],
            "resends": found.numbers.resends,
            "ignored": sum(found.ignored.values()),
            "bad_messages": found.counts["bad_messages"],
            "ignored_types": ", ".join(f"{k}: {n}" for k, n in sorted(found.ignored.items())),
            "first_seq_num": found.numbers.first,
            "last_seq_num": found.numbers.last,
            "missing_messages": len(found.numbers.gaps),
            "resets": found.numbers.resets,
            "missing_seq_nums": _shortened(ranges(found.numbers.gaps)),
            SOURCE_TABLE: name,
            SOURCE_ROW: number,
        }
        for number, (session, found) in enumerate(sessions.items(), start=1)
    ]
    schema: dict[str, pl.DataType] = {
        c.target: pl.Int64() if c.type == "BIGINT" else pl.String() for c in FIX_LOGS.columns
    }
    return pl.DataFrame(rows, schema=schema | {SOURCE_TABLE: pl.String(), SOURCE_ROW: pl.Int64()})
