"""Finds the filings under exports/filings/ and runs them."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exports.filings.results import FilingResult
from exports.filings.specification import Specification
from warehouse.connection import AsOf
from warehouse.errors import UsageError
from warehouse.settings import Settings

_PACKAGE = "exports.filings"


@dataclass(frozen=True)
class Regime:
    """One filing in all versions of its specification."""

    name: str
    specifications: tuple[Specification, ...]
    """Oldest first; older versions stay runnable."""

    def specification(self, version: str | None = None) -> Specification:
        """The specification of that version, or the newest.

        Raises:
            UsageError: there is no such version.
        """
        if version is None:
            return self.specifications[-1]
        for specification in self.specifications:
            if specification.version == version:
                return specification
        raise UsageError(
            f"{self.name} has no specification {version}.",
            todo="use one of: " + ", ".join(held.version for held in self.specifications),
        )

    def run(
        self,
        settings: Settings,
        *,
        window_to: dt.date,
        maker: str,
        tenant: str | None = None,
        legal_entity: str | None = None,
        as_of: AsOf = None,
        out: Path | None = None,
        version: str | None = None,
    ) -> FilingResult:
        """Make the filing and register it; see `exports.register.run_filing`."""
        from exports.register import run_filing

        return run_filing(
            settings,
            self.specification(version),
            window_to=window_to,
            maker=maker,
            tenant=tenant,
            legal_entity=legal_entity,
            as_of=as_of,
            out=out,
        )


@cache
def _found() -> dict[str, Regime]:
    regimes = {}
    package = importlib.import_module(_PACKAGE)
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        if not info.ispkg:
            continue
        inner = importlib.import_module(f"{_PACKAGE}.{info.name}")
        versions = sorted(
            found.name for found in pkgutil.iter_modules(inner.__path__) if found.ispkg
        )
        specifications = [
            importlib.import_module(f"{_PACKAGE}.{info.name}.{name}").SPECIFICATION
            for name in versions
        ]
        regimes[info.name] = Regime(info.name, tuple(specifications))
    return regimes


class _Regimes(Mapping[str, Regime]):
    """The filings by name, looked for at the first use."""

    def __getitem__(self, name: str) -> Regime:
        return _found()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_found())

    def __len__(self) -> int:
        return len(_found())


REGIMES: Mapping[str, Regime] = _Regimes()


def regime(name: str) -> Regime:
    """The filing of that name.

    Raises:
        UsageError: there is none.
    """
    try:
        return REGIMES[name]
    except KeyError:
        raise UsageError(
            f"There is no filing {name!r}.", todo=f"use one of: {', '.join(REGIMES)}"
        ) from None
