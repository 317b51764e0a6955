"""Partner statements of the hand-written broker."""

from __future__ import annotations

from pathlib import Path

import pypdf
import pytest

from exports.errors import UnknownSubjectError
from exports.statements.partner import make_partner_statement, masked
from warehouse.settings import Settings

EXPECTED = Path(__file__).parents[1] / "golden" / "tiny_broker" / "expected"
MONTH = "2026-10"


@pytest.mark.golden
@pytest.mark.parametrize("partner", ["P1", "demo/P2"])
def test_statement_is_the_golden_one(
    tiny: Settings, out: Path, partner: str, golden_update: bool
) -> None:
    made = make_partner_statement(tiny, partner, MONTH, "csv", out)
    golden = EXPECTED / made.path.name
    if golden_update:
        golden.write_bytes(made.path.read_bytes())
    assert made.path.read_bytes() == golden.read_bytes()


def test_lines_carry_rule_and_rate_and_clients_are_masked(tiny: Settings, out: Path) -> None:
    text = make_partner_statement(tiny, "P1", MONTH, "csv", out).path.read_text()
    # 0.50 + 0.0875 + 0.0875 + 0.005 - 0.001 = 0.679
    assert "lines,USD,total,amount,0.68,USD" in text
    assert "lines,USD,1,agreement,AG2," in text
    assert "lines,USD,5,model,per lot (adjustment)," in text
    assert "unpaid,consolidated,1,reason,opening deal: per-lot pays at close," in text
    assert "Ann Baker" not in text
    assert "demo/C1" not in text
    assert "demo/mt5_live/1001" not in text
    assert masked("demo/C000123") == "…123"


def test_two_makes_are_the_same_bytes(tiny: Settings, tmp_path: Path) -> None:
    first = make_partner_statement(tiny, "P1", MONTH, "pdf", tmp_path / "a")
    second = make_partner_statement(tiny, "P1", MONTH, "pdf", tmp_path / "b")
    assert first.path.read_bytes() == second.path.read_bytes()
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(first.path).pages)
    for figure in ("Harbour Introducers", "0.68", "1.68", "P2 > P1"):
        assert figure in text


def test_an_unknown_partner_is_told(tiny: Settings, out: Path) -> None:
    with pytest.raises(UnknownSubjectError, match="No partner 'P9'"):
        make_partner_statement(tiny, "P9", MONTH, "csv", out)
