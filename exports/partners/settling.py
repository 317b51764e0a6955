"""What the bank and the wallet provider really paid out, against what a run asked them to pay."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from warehouse.connection import connect
from warehouse.control.partner_runs import Run, find_run, move_run, settle_lines
from warehouse.errors import ContractError
from warehouse.settings import Settings


@dataclass(frozen=True)
class Settlement:
    """A run after it was compared, and what does not agree yet."""

    run: Run
    breaks: tuple[str, ...]


def reconcile_run(
    settings: Settings, run_id: str, *, actor: str, wallet_lines: Path | None = None
) -> Settlement:
    """Match the payments of a paid run with the bank's booked lines and a wallet provider's file.

    By reference first, then amount and currency must agree. Once every payment is matched the run
    is reconciled; until then each missing, different or doubled one is a break.

    Args:
        settings: the installation.
        run_id: the run; it must be paid.
        actor: who asks, for the audit log.
        wallet_lines: CSV with reference, currency, amount and transaction_id.

    Raises:
        ContractError: the wallet file lacks a column or holds what is no amount.
    """
    run = find_run(settings, run_id)
    found = defaultdict(list)
    for reference, currency, amount, line in [
        *_bank_lines(settings, run),
        *(_wallet_lines(wallet_lines) if wallet_lines else ()),
    ]:
        found[reference].append((currency, amount, line))
    settled: dict[str, tuple[Decimal, str]] = {}
    breaks = []
    for payment in run.lines:
        if payment.paid <= 0:
            continue
        lines = found.get(payment.reference, [])
        told = f"{payment.partner_key} {payment.reference}: "
        if not lines:
            breaks.append(f"{told}no {payment.method} line pays it")
        elif len(lines) > 1:
            breaks.append(f"{told}paid {len(lines)} times ({', '.join(line[2] for line in lines)})")
        elif lines[0][:2] != (payment.payout_currency, payment.paid):
            breaks.append(
                f"{told}{payment.paid} {payment.payout_currency} was due, "
                f"{lines[0][1]} {lines[0][0]} was paid"
            )
        else:
            settled[payment.partner_key] = (lines[0][1], lines[0][2])
    run = settle_lines(settings, run_id, settled, actor=actor)
    if not breaks and run.state == "paid":
        run = move_run(settings, run_id, to="reconciled", actor=actor)
    return Settlement(run, tuple(breaks))


def _bank_lines(settings: Settings, run: Run) -> list[tuple[str, str, Decimal, str]]:
    references = [line.reference for line in run.lines]
    with connect("read", settings=settings) as con:
        rows = con.execute(
            """
            SELECT reference, currency, amount, line
            FROM (
                SELECT
                    end_to_end_id AS reference, coalesce(amount_currency, currency) AS currency,
                    -amount AS amount,
                    statement_id || '/' || entry_id AS line
                FROM lake.staging.stg_bank__entry_details
                WHERE tenant_id = $tenant AND list_contains($references, end_to_end_id)
                UNION
                SELECT
                    customer_reference, currency, -amount, statement_id || '/' || entry_id
                FROM lake.staging.stg_bank__entries
                WHERE tenant_id = $tenant AND is_booked
                    AND list_contains($references, customer_reference)
            ) AS booked
            ORDER BY reference, line
            """,
            {"tenant": run.tenant_id, "references": references},
        ).fetchall()
    return [(row[0], row[1], Decimal(row[2]).normalize(), row[3]) for row in rows]


def _wallet_lines(path: Path) -> list[tuple[str, str, Decimal, str]]:
    needed = ("reference", "currency", "amount", "transaction_id")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise ContractError(
                f"The wallet file has no column {', '.join(missing)}.",
                where=str(path),
                todo=f"give a CSV with the columns {', '.join(needed)}",
            )
        lines = []
        for number, row in enumerate(reader, start=2):
            try:
                amount = Decimal(row["amount"])
            except InvalidOperation:
                raise ContractError(
                    f"{row['amount']!r} is no amount.",
                    where=f"{path} row {number}, column amount",
                    todo="correct the row",
                ) from None
            lines.append((row["reference"], row["currency"], amount, row["transaction_id"]))
    return lines
