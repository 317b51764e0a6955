"""The daily books' own SQL on PostgreSQL, over the same rows as in one DuckDB process.

The compiled text of the models is translated by sqlglot; what PostgreSQL has no word for is given
to it as functions. Both sides start from tables of the same rows, write tables, and must come to
the same rows and sums.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import psycopg
import sqlglot
from sqlglot import exp

from benchmarks.hand_sql import Statement, limit
from benchmarks.measurement import BenchmarkError, timed, told
from warehouse.settings import Settings
from warehouse.sql_text import literal

# In the order in which they read one another.
BOOKS = (
    "canonical.can_deals",
    "finance.fct_open_positions",
    "metrics.fct_traded_days",
    "finance.fct_account_days",
    "finance.fct_daily_pnl",
)
# What a DBA gives a server with two cores that builds reports; its defaults are for one megabyte
# a sort.
TUNED = (
    "shared_buffers=1GB",
    "work_mem=256MB",
    "maintenance_work_mem=512MB",
    "max_wal_size=8GB",
    "synchronous_commit=off",
)
_RELATION = re.compile(r'"lake"\."(\w+)"\."(\w+)"')
_IGNORE_NULLS = re.compile(r"last_value\((\w+) ignore nulls\)", re.IGNORECASE)
_FUNCTIONS = """
CREATE FUNCTION epoch_us(moment timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT (extract(epoch FROM moment) * 1000000)::bigint $$;
CREATE FUNCTION epoch_us(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT (extract(epoch FROM moment) * 1000000)::bigint $$;
CREATE FUNCTION divide(whole bigint, by bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT whole / by $$;
CREATE FUNCTION to_minutes(minutes bigint) RETURNS interval LANGUAGE sql IMMUTABLE AS
    $$ SELECT minutes * interval '1 minute' $$;
CREATE FUNCTION keep_newer(held anyelement, newer anyelement) RETURNS anyelement LANGUAGE sql
    IMMUTABLE AS $$ SELECT coalesce(newer, held) $$;
CREATE AGGREGATE last_known(anyelement) (SFUNC = keep_newer, STYPE = anyelement);
"""


@dataclass(frozen=True)
class BooksRun:
    """Seconds of the same statements on both sides, and how many rows they wrote."""

    duckdb: float
    postgresql: float
    rows: int


def run_books(file: Path, statements: list[Statement], settings: Settings, url: str) -> BooksRun:
    """Build the daily books from the same rows in DuckDB and in PostgreSQL.

    Args:
        file: a database in which the statements have been run by hand.
        statements: compiled for a full build.
        settings: memory and threads of the DuckDB side.
        url: an empty PostgreSQL database.

    Raises:
        BenchmarkError: the two sides differ.
    """
    texts = {_RELATION.sub(r"\1.\2", item.relation): item.sql for item in statements}
    inputs = sorted(
        {".".join(named) for book in BOOKS for named in _RELATION.findall(texts[book])} - set(BOOKS)
    )
    with (
        duckdb.connect(":memory:") as here,
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as there,
    ):
        _prepare_duckdb(here, file, settings)
        there.execute(_FUNCTIONS)
        for relation in inputs:
            _copy(here, there, relation, file.parent)
        seconds = {"duckdb": 0.0, "postgresql": 0.0}
        rows = 0
        for relation in BOOKS:
            name = _plain(relation)
            text = _RELATION.sub(r'"\1__\2"', texts[relation])
            mine = f"CREATE TABLE {name} AS {text}"
            theirs = f"CREATE UNLOGGED TABLE {name} AS {for_postgresql(text)}".encode()
            spent = {
                "duckdb": timed(partial(here.execute, mine))[0],
                "postgresql": timed(partial(there.execute, theirs))[0],
            }
            there.execute(f"ANALYZE {name}".encode())
            told(f"build: {relation}: " + ", ".join(f"{k} {v:.2f} s" for k, v in spent.items()))
            seconds = {side: seconds[side] + spent[side] for side in seconds}
            rows += _compare(here, there, relation)
    return BooksRun(seconds["duckdb"], seconds["postgresql"], rows)


def for_postgresql(text: str) -> str:
    """A model's compiled SQL in PostgreSQL's words."""
    known = _IGNORE_NULLS.sub(r"last_known(\1)", text)
    tree = sqlglot.parse_one(known, read="duckdb").transform(_first_of_sorted)
    return tree.sql(dialect="postgres")


def _first_of_sorted(node: exp.Expr) -> exp.Expr:
    """max_by and min_by, which PostgreSQL has not, as the first of a sorted array."""
    if not isinstance(node, exp.ArgMax | exp.ArgMin):
        return node
    value, place = (part.sql(dialect="postgres") for part in (node.this, node.expression))
    order = "DESC" if isinstance(node, exp.ArgMax) else "ASC"
    return sqlglot.parse_one(
        f"(array_agg({value} ORDER BY {place} {order}) "
        f"FILTER (WHERE {value} IS NOT NULL AND {place} IS NOT NULL))[1]",
        read="postgres",
    )


def _prepare_duckdb(con: duckdb.DuckDBPyConnection, file: Path, settings: Settings) -> None:
    limit(con, settings)
    con.execute(f"ATTACH {literal(str(file))} AS lake (READ_ONLY)")
    con.execute(f"ATTACH {literal(str(file.with_name('books.duckdb')))} AS books")
    con.execute("USE books")


def _plain(relation: str) -> str:
    return relation.replace(".", "__")


def _copy(
    here: duckdb.DuckDBPyConnection,
    there: psycopg.Connection[tuple[object, ...]],
    relation: str,
    folder: Path,
) -> None:
    """The rows of a relation as a table of both sides."""
    name = _plain(relation)
    here.execute(f"CREATE TABLE {name} AS FROM lake.{relation}")
    columns = here.execute(f"DESCRIBE {name}").fetchall()
    types = ", ".join(f'"{row[0]}" {_type_there(row[1])}' for row in columns)
    there.execute(f"CREATE UNLOGGED TABLE {name} ({types})".encode())
    csv = folder / f"{name}.csv"
    here.execute(f"COPY {name} TO {literal(str(csv))} (FORMAT csv, HEADER false, NULLSTR '\\N')")
    command = f"COPY {name} FROM STDIN (FORMAT csv, NULL '\\N')".encode()
    with there.cursor().copy(command) as copy, csv.open("rb") as lines:
        while block := lines.read(1 << 20):
            copy.write(block)
    csv.unlink()
    there.execute(f"ANALYZE {name}".encode())


def _type_there(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "numeric")
    names = {
        "VARCHAR": "text",
        "DOUBLE": "double precision",
        "HUGEINT": "numeric",
        "UTINYINT": "smallint",
        "TINYINT": "smallint",
        "USMALLINT": "integer",
        "UINTEGER": "bigint",
        "UBIGINT": "numeric",
        "TIMESTAMP WITH TIME ZONE": "timestamptz",
    }
    return names.get(kind, kind)


def _compare(
    here: duckdb.DuckDBPyConnection,
    there: psycopg.Connection[tuple[object, ...]],
    relation: str,
) -> int:
    """Rows, and for each column the sum of its numbers or how many values are known."""
    name = _plain(relation)
    columns = [(row[0], row[1]) for row in here.execute(f"DESCRIBE {name}").fetchall()]
    asked = ["count(*)"]
    for column, kind in columns:
        is_number = kind.startswith("DECIMAL") or kind in ("INTEGER", "BIGINT", "HUGEINT")
        asked.append(f'sum("{column}")' if is_number else f'count("{column}")')
    query = f"SELECT {', '.join(asked)} FROM {name}"
    mine = here.execute(query).fetchone()
    theirs = there.execute(query.encode()).fetchone()
    if mine is None or mine != theirs:
        named = ["rows", *(column for column, _ in columns)]
        wrong = [
            f"{what} {left} and {right}"
            for what, left, right in zip(named, mine or (), theirs or (), strict=False)
            if left != right
        ]
        raise BenchmarkError(f"{relation}: DuckDB and PostgreSQL differ in {'; '.join(wrong)}")
    return int(mine[0])
