"""What a bank source may be told in its ``options``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from warehouse.errors import SettingsError
from warehouse.settings import SourceSettings

_KNOWN = ("accounts", "encoding", "reference_pattern", "reversals", "max_megabytes", "csv")


@dataclass(frozen=True)
class BankOptions:
    """Options of one bank source.

    Attributes:
        accounts: the bank's way of writing an account -> the id wanted for it (an IBAN, say), so
            that the same account in two formats is one.
        encoding: charset of files that declare none and are not UTF-8.
        reference_pattern: finds the broker's own payment reference in a payment's texts.
        reversals: what RvslInd does to the sign of a camt entry: ``iso``, nothing (CdtDbtInd is
            the direction of the reversal itself); ``original``, it turns it round.
        max_bytes: a larger file is refused unread.
        csv: layout of CSV exports; None where the bank sends none.
    """

    accounts: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    reference_pattern: re.Pattern[str] | None = None
    reversals: Literal["iso", "original"] = "iso"
    max_bytes: int = 256 << 20
    csv: Mapping[str, Any] | None = None

    def reference_in(self, *texts: str | None) -> str | None:
        """The broker's reference in the first text that holds one.

        Banks wrap texts at fixed widths, in the middle of a reference too. Where a reference ends
        at the end of a line and the next line could go on with it, there is none: half a number
        would be somebody else's. A pattern of fixed length leaves no such doubt.
        """
        for text in texts:
            if self.reference_pattern is None or not text:
                continue
            lines, joined = self._found(text), self._found(text.replace("\n", ""))
            if lines and joined:
                return lines if lines == joined else None
            found = lines or joined or self._found(re.sub(r"\s+", "", text))
            if found:
                return found
        return None

    def _found(self, text: str) -> str | None:
        found = self.reference_pattern.search(text) if self.reference_pattern else None
        if found is None:
            return None
        return str(found.group(1) if found.groups() else found.group())


def bank_options(source: SourceSettings) -> BankOptions:
    """Read the options of a source.

    Raises:
        SettingsError: an option is not known or has a value it cannot have.
    """
    given = source.options
    unknown = sorted(set(given) - set(_KNOWN))
    if unknown:
        raise _wrong(source, f"options.{unknown[0]} is not known.", f"use {', '.join(_KNOWN)}")
    reversals = given.get("reversals", "iso")
    if reversals not in ("iso", "original"):
        raise _wrong(source, f"options.reversals is {reversals}.", "use iso or original")
    pattern = given.get("reference_pattern")
    encoding = given.get("encoding")
    try:
        compiled = re.compile(pattern) if pattern else None
        "".encode(encoding or "utf-8")
    except (re.error, LookupError, TypeError) as error:
        raise _wrong(
            source,
            f"options.reference_pattern or options.encoding cannot be used: {error}.",
            "give a regular expression, and a charset that Python knows",
        ) from error
    megabytes = given.get("max_megabytes", 256)
    if isinstance(megabytes, bool) or not isinstance(megabytes, int) or megabytes < 1:
        raise _wrong(source, f"options.max_megabytes is {megabytes}.", "give a whole number")
    accounts = given.get("accounts", {})
    if not isinstance(accounts, dict):
        raise _wrong(
            source, "options.accounts is no table.", 'write [sources.options.accounts], "A" = "B"'
        )
    return BankOptions(
        {str(key): str(value) for key, value in accounts.items()},
        encoding, compiled, reversals, megabytes << 20, given.get("csv"),
    )  # fmt: skip


def _wrong(source: SourceSettings, what: str, todo: str) -> SettingsError:
    return SettingsError(what, where=f"source {source.name}", todo=todo)
