"""Catalogues of every language, brands, fonts: what is missing is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from exports.errors import CatalogueError, PresentationError
from exports.statements import catalogue as catalogues
from exports.statements.catalogue import catalogue, faults, languages
from exports.statements.client import make_client_statement
from exports.typesetting import EMBEDDED, _families
from warehouse.settings import Settings, load_settings
from warehouse.statement_settings import BrandSettings, StatementSettings

MONTH = "2026-10"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20">'
    '<rect width="80" height="20"/></svg>'
)
FONTS = _families((Path("/usr/share/fonts"),))


@pytest.mark.unit
@pytest.mark.parametrize("code", languages())
def test_every_language_has_every_word(code: str) -> None:
    assert faults(code) == []
    assert len(catalogue(code).months) == 12


@pytest.mark.unit
def test_the_promised_languages_are_there() -> None:
    assert set(languages()) >= {"en", "de", "es", "ar", "zh"}
    assert catalogue("ar").direction == "rtl"


@pytest.mark.unit
def test_a_faulty_catalogue_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = (catalogues.LANGUAGES / "en.toml").read_text("utf-8")
    (tmp_path / "en.toml").write_text(english, "utf-8")
    lacking = english.replace('tell_us = "', 'tel_us = "').replace("{page} of {pages}", "{page}")
    (tmp_path / "xx.toml").write_text(lacking, "utf-8")
    (tmp_path / "yy.toml").write_text(english.replace("[title]", "[title"), "utf-8")
    (tmp_path / "zz.toml").write_text(english.replace('group = ","', ""), "utf-8")
    monkeypatch.setattr(catalogues, "LANGUAGES", tmp_path)
    catalogue.cache_clear()
    try:
        assert faults("xx") == [
            "note.tell_us is missing",
            "note.tel_us is not in en.toml",
            "page.number must name ['page', 'pages'], it names ['page']",
        ]
        with pytest.raises(CatalogueError, match=r"no words for note\.tell_us"):
            catalogue("xx")("note.tell_us")
        with pytest.raises(CatalogueError, match="not valid TOML"):
            catalogue("yy")
        with pytest.raises(CatalogueError, match="lacks group"):
            catalogue("zz")
        with pytest.raises(CatalogueError, match="no words in the language 'tlh'"):
            catalogue("tlh")
    finally:
        catalogue.cache_clear()


def _branded(settings: Settings, **values: object) -> Settings:
    brand = BrandSettings.model_validate(values)
    statements = settings.statements.model_copy(update={"brands": {"demo": brand}})
    return settings.model_copy(update={"statements": statements})


def test_german_writes_its_own_numbers_dates_and_words(tiny: Settings, out: Path) -> None:
    german = _branded(tiny, language="de", legal_text="Northwind GmbH, Amtsgericht Berlin.")
    made = make_client_statement(german, "C1", MONTH, "pdf", out)
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(made.path).pages)
    for words in ("Kontoauszug", "1.000,00", "−200,00", "1. Oktober 2026 bis 31. Oktober 2026",
                  "Seite 1 von", "Northwind GmbH, Amtsgericht Berlin."):  # fmt: skip
        assert words in text


def test_csv_has_the_same_figures_in_every_language(tiny: Settings, tmp_path: Path) -> None:
    texts = []
    for number, code in enumerate(("en", "ar")):
        settings = tiny.model_copy(update={"home": tiny.home})
        out = tmp_path / code
        period = ("2026-10-01", "2026-10-01..2026-10-01")[number]
        made = make_client_statement(settings, "C1", period, "csv", out, language=code)
        texts.append(made.path.read_text("utf-8"))
    figures = [
        [line.split(",")[:5] for line in text.splitlines() if line.endswith((",USD", ",EUR"))]
        for text in texts
    ]
    assert figures[0] == figures[1] != []
    assert "عمولة" in texts[1] or "العمولة" in texts[1]


@pytest.mark.skipif("Noto Naskh Arabic" not in FONTS, reason="fonts-noto-core is not installed")
def test_arabic_runs_from_right_to_left(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "C1", MONTH, "pdf", out, language="ar")
    resources: list[Any] = [page["/Resources"] for page in pypdf.PdfReader(made.path).pages]
    fonts = {
        str(entry.get_object()["/BaseFont"])
        for resource in resources
        for entry in resource["/Font"].values()
    }
    assert any("NotoNaskhArabic" in font for font in fonts)
    book = make_client_statement(tiny, "C1", MONTH, "xlsx", out, language="ar")
    assert openpyxl.load_workbook(book.path).worksheets[0].sheet_view.rightToLeft


@pytest.mark.skipif("Noto Serif CJK SC" not in FONTS, reason="fonts-noto-cjk is not installed")
def test_chinese_has_its_font(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "C2", MONTH, "pdf", out, language="zh")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(made.path).pages)
    assert "账户结单" in text


def test_a_missing_font_is_named(tiny: Settings, out: Path) -> None:
    nowhere = tiny.model_copy(update={"statements": StatementSettings(font_paths=[])})
    with pytest.raises(PresentationError, match="Noto Naskh Arabic is not installed") as told:
        make_client_statement(nowhere, "C1", MONTH, "pdf", out, language="ar")
    assert "fonts-noto-core" in told.value.todo
    assert EMBEDDED in _families(())
    assert make_client_statement(nowhere, "C1", MONTH, "csv", out, language="ar").size > 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("logo.svg", None, r"logo\.svg cannot be read"),
        ("logo.gif", b"GIF89a", "no kind that can be printed"),
        ("logo.png", b"<svg/>", "not what its name says"),
    ],
)
def test_a_logo_that_cannot_be_had_is_named(
    tiny: Settings, out: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tiny.home / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PresentationError, match=message):
        make_client_statement(_branded(tiny, logo=path), "C1", MONTH, "pdf", out)
    assert not out.exists()


def test_a_paper_keeps_the_brand_it_was_sent_under(tiny: Settings, tmp_path: Path) -> None:
    from exports.statements.reproducing import reproduce

    logo = tiny.home / "logo.svg"
    logo.write_text(LOGO, "utf-8")
    branded = _branded(tiny, name="Harbour Markets", logo=logo, ink="#0a5c36")
    made = make_client_statement(branded, "C1", MONTH, "pdf", tmp_path / "a")
    logo.unlink()
    assert reproduce(tiny, made.statement_number).identical
    again = make_client_statement(tiny, "C1", MONTH, "pdf", tmp_path / "b")
    assert again.sha256 == made.sha256
    other = make_client_statement(tiny, "C2", MONTH, "pdf", tmp_path / "b")
    assert other.size != made.size


@pytest.mark.unit
def test_brands_are_read_from_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "daybook.toml"
    config.write_text(
        '[statements.brands.demo]\nname = "Harbour"\nlanguage = "ar"\nlogo = "logo.svg"\n'
        '[statements.mail]\nhost = "localhost"\nsender = "desk@harbour.test"\n',
        "utf-8",
    )
    settings = load_settings(config)
    assert settings.statements.brand("demo").logo == tmp_path / "logo.svg"
    assert settings.statements.brand("another").language == "en"
    assert settings.statements.mail is not None
    assert settings.statements.mail.security == "starttls"
