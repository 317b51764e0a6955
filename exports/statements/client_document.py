"""A client's statement before it has a format, from exact figures and the words of a language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from exports.publication import Publication
from exports.statements import client_overview as overviews
from exports.statements import client_sections as sections
from exports.statements.catalogue import Catalogue
from exports.statements.client_figures import AccountFigures, account_figures
from exports.statements.client_records import Account, ClientRecords
from exports.statements.document import Fact, Part, Section, StatementDocument
from exports.statements.periods import Period
from exports.statements.presentation import Presentation


@dataclass(frozen=True)
class Issue:
    """What a paper says about itself."""

    number: str
    period: Period
    publication: Publication
    replaces: str | None = None


def client_document(
    records: ClientRecords, issue: Issue, presentation: Presentation
) -> StatementDocument:
    """The statement of a client, or of one account, whose ties hold.

    Raises:
        FiguresDisagreeError: no rate converts one of its currencies.
    """
    words = presentation.words
    accounts = [account_figures(account, records) for account in records.accounts]
    return StatementDocument(
        number=issue.number,
        kind="account" if is_account(records) else "client",
        title=words("title.account" if is_account(records) else "title.client"),
        issuer=presentation.issuer,
        subject=records.name,
        period_label=words.days(issue.period.first, issue.period.last),
        facts=paper_facts(records, issue, words),
        parts=_parts(accounts, records, presentation),
        notes=_notes(issue, words),
        published_at=issue.publication.published_at,
        presentation=presentation,
    )


class OfAccounts(Protocol):
    """Records that name their subject and its accounts."""

    @property
    def subject_key(self) -> str:
        """client_key, or account_key."""
        ...

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts of the paper."""
        ...


def is_account(records: OfAccounts) -> bool:
    """Whether the paper is of one account alone."""
    return records.subject_key == records.accounts[0].account_key


def paper_facts(records: OfAccounts, issue: Issue, words: Catalogue) -> tuple[Fact, ...]:
    """Who and what a paper is about, and what it was made from."""
    client_key = records.accounts[0].client_key
    entities = sorted({row.legal_entity for row in records.accounts if row.legal_entity})
    published = issue.publication
    values = {
        "client_id": client_key.partition("/")[2] if client_key else "",
        "account": records.subject_key if is_account(records) else "",
        "period": issue.period.text,
        "closed_on": f"{published.published_at:%Y-%m-%d %H:%M} UTC",
        "version": str(published.version),
        "snapshot": str(published.snapshot_id),
        "replaces": issue.replaces or "",
        "legal_entity": ", ".join(entities),
    }
    return facts(words, values)


def facts(words: Catalogue, values: dict[str, str]) -> tuple[Fact, ...]:
    """Facts under the words of their keys; what is empty is left out."""
    return tuple(Fact(key, words(f"fact.{key}"), value) for key, value in values.items() if value)


def _parts(
    accounts: list[AccountFigures], records: ClientRecords, presentation: Presentation
) -> tuple[Part, ...]:
    words, currency = presentation.words, presentation.reporting_currency
    tables = [overviews.accounts_overview(accounts, words)]
    if len(accounts) > 1 or accounts[0].currency != currency:
        tables.append(overviews.currency_totals(accounts, records.rates, currency, words))
    overview = Part(
        key="consolidated",
        title=words("title.all_accounts" if len(accounts) > 1 else "title.overview"),
        facts=(),
        sections=tuple(tables),
        notes=rate_notes(accounts, records, presentation),
    )
    return (overview, *(_account_part(figures, words) for figures in accounts))


def rate_notes(
    accounts: list[AccountFigures], records: ClientRecords, presentation: Presentation
) -> tuple[str, ...]:
    """Which rates converted the totals; nothing where none did."""
    sets = sorted(
        {
            records.rates[figures.currency].rate_set.upper()
            for figures in accounts
            if figures.currency != presentation.reporting_currency
            and figures.currency in records.rates
        }
    )
    return (presentation.words("note.rates", sets=", ".join(sets)),) if sets else ()


def account_facts(account: Account, words: Catalogue, **more: str) -> tuple[Fact, ...]:
    """What the head of an account's part says."""
    values = {
        "login": str(account.login),
        "server": account.server_id,
        "currency": account.main_currency,
    }
    return facts(words, values | more)


def cents_note(figures: AccountFigures, words: Catalogue) -> tuple[str, ...]:
    """That an account is kept in cents; nothing where it is not."""
    if figures.account.money_divisor == 1:
        return ()
    return (
        words(
            "note.cents",
            cents=figures.account.currency,
            currency=figures.currency,
            divisor=figures.account.money_divisor,
        ),
    )


def _account_part(figures: AccountFigures, words: Catalogue) -> Part:
    margin = sections.margin(figures, words)
    tables: tuple[Section, ...] = (
        sections.roll_forward(figures, words),
        *((margin,) if margin else ()),
        sections.cash_movements(figures, words),
        sections.deals(figures, words),
        sections.closed_positions(figures, words),
        sections.open_positions(figures, words),
        sections.working_orders(figures, words),
        sections.costs(figures, words),
    )
    return Part(
        key=figures.account.account_key,
        title=words("title.account_part", login=figures.account.login),
        facts=account_facts(
            figures.account,
            words,
            legal_entity=figures.account.legal_entity or "",
            margin_mode=words.known("word", figures.account.margin_mode or ""),
        ),
        sections=tables,
        notes=cents_note(figures, words),
    )


def _notes(issue: Issue, words: Catalogue) -> tuple[str, ...]:
    return (
        *corrections(issue, words),
        words("note.times"),
        words("note.rounding"),
        words("note.floating"),
        words("note.tell_us"),
    )


def corrections(issue: Issue, words: Catalogue) -> tuple[str, ...]:
    """That days were corrected, and which paper this one replaces."""
    told = []
    if issue.publication.version > 1:
        told.append(words("note.corrected", version=issue.publication.version))
    if issue.replaces:
        told.append(words("note.replaces", number=issue.replaces))
    return tuple(told)
