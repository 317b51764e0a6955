"""The words of client papers, one catalogue a language, in files that a translator can edit."""

from __future__ import annotations

import datetime as dt
import string
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from exports.errors import CatalogueError

LANGUAGES = Path(__file__).parent / "languages"
DEFAULT = "en"
_SETTINGS = "language"


@dataclass(frozen=True)
class Catalogue:
    """One language: its words by `section.name`, and how it writes numbers and dates."""

    code: str
    name: str
    direction: Literal["ltr", "rtl"]
    fonts: tuple[str, ...]
    """Families that its letters need."""
    decimal: str
    group: str
    months: tuple[str, ...]
    date_pattern: str
    range_pattern: str
    words: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key, with values put in.

        Raises:
            CatalogueError: the catalogue lacks the key.
        """
        if key not in self.words:
            raise CatalogueError(
                f"The {self.name} catalogue has no words for {key}.",
                where=str(LANGUAGES / f"{self.code}.toml"),
                todo="add the line; en.toml says what it means",
            )
        return self.words[key].format(**values) if values else self.words[key]

    def known(self, section: str, name: str) -> str:
        """The words of a name that a platform gives; the name itself where nobody translated it."""
        return self.words.get(f"{section}.{name}", name)

    def number(self, amount: Decimal) -> str:
        """A number within a sentence."""
        return f"{amount:,f}".translate({ord(","): self.group, ord("."): self.decimal})

    def date(self, day: dt.date) -> str:
        """A day as a letter writes it."""
        return self.date_pattern.format(
            day=day.day, month=self.months[day.month - 1], year=day.year
        )

    def days(self, first: dt.date, last: dt.date) -> str:
        """A range of days, or the one day."""
        if first == last:
            return self.date(first)
        return self.range_pattern.format(first=self.date(first), last=self.date(last))


def languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalogue."""
    return tuple(sorted(path.stem for path in LANGUAGES.glob("*.toml")))


@lru_cache
def catalogue(code: str) -> Catalogue:
    """The catalogue of a language.

    Raises:
        CatalogueError: there is none, or it is no catalogue: it says which line or key.
    """
    path = LANGUAGES / f"{code}.toml"
    if code not in languages():
        raise CatalogueError(
            f"There are no words in the language {code!r}.",
            where=str(LANGUAGES),
            todo=f"use one of: {', '.join(languages())}; or translate en.toml into {code}.toml",
        )
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        about = content.pop(_SETTINGS)
        return Catalogue(
            code=code,
            name=about["name"],
            direction=about["direction"],
            fonts=tuple(about["fonts"]),
            decimal=about["decimal"],
            group=about["group"],
            months=tuple(about["months"]),
            date_pattern=about["date"],
            range_pattern=about["range"],
            words={
                f"{section}.{name}": text
                for section, texts in content.items()
                for name, text in texts.items()
            },
        )
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(
            f"The catalogue is not valid TOML: {error}.", where=str(path), todo="correct that line"
        ) from error
    except KeyError as error:
        raise CatalogueError(
            f"The catalogue lacks {error.args[0]} under [{_SETTINGS}].",
            where=str(path),
            todo="add the line; en.toml shows it",
        ) from error


def faults(code: str) -> list[str]:
    """What a catalogue lacks or has too much against the English one, braces included."""
    english, other = catalogue(DEFAULT).words, catalogue(code).words
    found = [f"{key} is missing" for key in english if key not in other]
    found += [f"{key} is not in en.toml" for key in other if key not in english]
    found += [
        f"{key} must name {sorted(_names(english[key]))}, it names {sorted(_names(other[key]))}"
        for key in english
        if key in other and _names(english[key]) != _names(other[key])
    ]
    return found


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
