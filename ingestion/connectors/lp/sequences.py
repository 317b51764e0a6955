"""MsgSeqNum(34) of one session: what is missing, what came again, where it began anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.connectors.lp.fix_messages import FixMessage

SEQUENCE_RESET = "4"
# Named in full up to here; a provider that jumps by millions must not fill the memory.
_LARGEST_GAP = 100_000


@dataclass
class Sequence:
    """The numbers of one session, in the order of the log.

    Attributes:
        expected: the next number; None before the first message.
        missing: numbers passed over and not sent again since, in order.
        resends: messages that came again (PossDupFlag).
        resets: times that the count began anew.
        first, last: numbers seen.
        lost: what was missing when the count began anew.
    """

    expected: int | None = None
    first: int | None = None
    last: int | None = None
    resends: int = 0
    resets: int = 0
    missing: dict[int, None] = field(default_factory=dict)
    lost: list[int] = field(default_factory=list)

    def see(self, message: FixMessage) -> None:
        """Take the next message of the log into account."""
        number = message.sequence
        if number is None:
            return
        if message.get(43) == "Y":
            self.resends += 1
        else:
            self._count(number)
        self.missing.pop(number, None)
        if message.get(35) == SEQUENCE_RESET and message.get(36).isdigit():
            self._reset(number, int(message.get(36)), is_gap_fill=message.get(123) == "Y")

    def _count(self, number: int) -> None:
        self.last = number
        if self.expected is None:
            self.first = number
        elif number in self.missing or number == self.expected - 1:
            # Late without the flag, or written into the log twice.
            return
        elif 0 <= number - self.expected <= _LARGEST_GAP:
            self.missing |= dict.fromkeys(range(self.expected, number))
        else:
            self._begin_anew()
        self.expected = number + 1

    def _reset(self, number: int, new: int, *, is_gap_fill: bool) -> None:
        """SequenceReset: a gap fill stands for every number before the new one."""
        if not is_gap_fill:
            self._begin_anew()
            self.expected = new
            return
        for passed in [n for n in self.missing if number <= n < new]:
            del self.missing[passed]
        self.expected = max(self.expected or 0, new)

    def _begin_anew(self) -> None:
        self.resets += 1
        self.lost += self.missing
        self.missing = {}

    @property
    def gaps(self) -> list[int]:
        """Every number that never came."""
        return [*self.lost, *self.missing]


def ranges(numbers: list[int]) -> str:
    """``5-7, 9`` of 5, 6, 7, 9."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
