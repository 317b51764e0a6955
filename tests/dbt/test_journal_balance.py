"""The view that writes entries out as postings, on entries nobody thought of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dbt.conftest import PencilBooks
from warehouse.connection import connect

pytestmark = pytest.mark.dbt

CURRENCIES = ("USD", "EUR", "JPY", "BTC")
amounts = st.decimals(
    min_value=-(10**15), max_value=10**15, places=8, allow_nan=False, allow_infinity=False
)
entries = st.lists(
    st.tuples(
        st.integers(0, 40),  # kind, by its place in the list
        st.integers(1, 3),  # login
        st.integers(1, 28),  # day
        st.sampled_from(("", "EURUSD", "US500")),
        st.sampled_from(CURRENCIES),
        amounts,
        st.none() | amounts,
    ),
    max_size=30,
    unique_by=lambda entry: entry[:5],
)


@pytest.fixture(scope="module")
def journal(
    books: PencilBooks,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[tuple[str, ...]]]]:
    """The view as it was built, over empty tables in memory, and the kinds of entries."""
    with connect("read", settings=books.settings) as con:
        kinds = con.execute("""
            SELECT k.entry_kind, k.credited_account, k.debited_account,
                a.account_type IN ('income', 'expense')
            FROM lake.reference.ref_journal_entry_kinds AS k
            JOIN lake.reference.ref_ledger_accounts AS a ON a.ledger_account = k.debited_account
            ORDER BY ALL
        """).fetchall()
        [(view,)] = con.execute("""
            SELECT sql FROM duckdb_views()
            WHERE schema_name = 'finance' AND view_name = 'fct_journal_postings'
        """).fetchall()
        shapes = {
            table: con.execute(f"DESCRIBE lake.finance.{table}").fetchall()
            for table in ("fct_journal_entries", "rpt_ledger__fx_revaluations")
        }
    with duckdb.connect(":memory:") as memory:
        memory.execute("ATTACH ':memory:' AS lake")
        memory.execute("CREATE SCHEMA lake.finance")
        for table, columns in shapes.items():
            typed = ", ".join(f"{column[0]} {column[1]}" for column in columns)
            memory.execute(f"CREATE TABLE lake.finance.{table} ({typed})")
        memory.execute("USE lake")
        memory.execute(view)
        yield memory, kinds


@settings(deadline=None, max_examples=50)
@given(made=entries)
def test_every_entry_balances_in_every_currency(
    journal: tuple[duckdb.DuckDBPyConnection, list[tuple[str, ...]]],
    made: list[tuple[int, int, int, str, str, Decimal, Decimal | None]],
) -> None:
    con, kinds = journal
    con.execute("DELETE FROM lake.finance.fct_journal_entries")
    for kind, login, day, symbol, currency, amount, reporting in made:
        name, credited, debited, is_converted = kinds[kind % len(kinds)]
        con.execute(
            """
            INSERT INTO lake.finance.fct_journal_entries BY NAME
            SELECT 't' AS tenant_id, 's' AS server_id, ?::DATE AS business_date,
                ? AS entry_kind, 't/s/' || ? AS account_key, 'E' AS legal_entity, 'B' AS book,
                ? AS symbol, ? AS credited_account, ? AS debited_account, ? AS is_converted,
                ? AS currency, ?::DECIMAL(38, 8) AS amount,
                ?::DECIMAL(38, 8) AS amount_reporting, 'USD' AS reporting_currency,
                'x' AS source_table, '' AS source_id
            """,
            [
                dt.date(2026, 3, day), name, login, symbol, credited, debited, is_converted,
                currency, amount, amount if currency == "USD" else reporting,
            ],
        )  # fmt: skip
    unbalanced = con.execute("""
        SELECT entry_key, currency, sum(amount) FROM finance.fct_journal_postings
        GROUP BY entry_key, currency
        HAVING sum(amount) <> 0 OR (count(amount) > 0 AND count(amount) < count(*))
    """).fetchall()
    assert unbalanced == []
    reporting_sums = con.execute("""
        SELECT entry_key, sum(amount_reporting) FROM finance.fct_journal_postings
        GROUP BY entry_key HAVING sum(amount_reporting) <> 0
    """).fetchall()
    assert reporting_sums == []
