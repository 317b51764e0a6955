"""Triggers that make a table refuse every change of what it holds."""

from __future__ import annotations


def append_only(dialect: str, *tables: str) -> list[str]:
    """Statements after which rows of the tables can be added, and nothing else.

    PostgreSQL's call a function ``refuse_change()``, which the first migration makes.
    """
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in tables
            for verb in ("UPDATE", "DELETE")
        ]
    if dialect == "postgresql":
        return [
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in tables
        ]
    return []
