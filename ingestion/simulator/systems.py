"""The broker's other systems: what each writes in its own format, and the truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ingestion.simulator import coinspaid, sumsub, wallet
from ingestion.simulator.bank_camt import write_camt
from ingestion.simulator.bank_lines import BANK_EUR, BANK_USD, bank_accounts, bank_truth
from ingestion.simulator.bank_mt940 import write_mt940
from ingestion.simulator.challenges import write_challenges
from ingestion.simulator.closing_quotes import closing_quotes_truth, write_closing_quotes
from ingestion.simulator.crm_events import crm_truth, write_crm_events
from ingestion.simulator.ctrader_messages import write_ctrader
from ingestion.simulator.ctrader_web import write_ctrader_web
from ingestion.simulator.liquidity_files import write_liquidity
from ingestion.simulator.liquidity_mappings import CONFIGURATION as LIQUIDITY
from ingestion.simulator.mt4_server import write_mt4
from ingestion.simulator.psp import write_stripe
from ingestion.simulator.psp_adyen import adyen_truth
from ingestion.simulator.psp_adyen_files import write_adyen
from ingestion.simulator.psp_paypal import paypal_truth, write_paypal
from ingestion.simulator.psp_stripe_objects import stripe_truth, write_stripe_objects
from ingestion.simulator.truth_copy import write_copy
from ingestion.simulator.truth_ctrader import ctrader_truth
from ingestion.simulator.truth_liquidity import liquidity_truth
from ingestion.simulator.truth_mt4 import mt4_truth
from ingestion.simulator.truth_platform_positions import platform_positions_truth
from ingestion.simulator.truth_platforms import platform_books_truth
from ingestion.simulator.world import World


def _no_truth(world: World) -> dict[str, pl.DataFrame]:
    return {}


@dataclass(frozen=True)
class System:
    """One system beside the trading server.

    Attributes:
        write: writes the system's own files or databases under the simulation's folder, in a
            folder of its own; gives rows per file or table.
        configuration: the ``[[sources]]`` blocks that read them; paths count from that folder.
            Empty where another system's block reads them.
        truth: what its figures must come to, by file name without suffix under ``truth/``.
    """

    write: Callable[[World, Path], dict[str, int]]
    configuration: str
    truth: Callable[[World], dict[str, pl.DataFrame]] = _no_truth


def _write_banks(world: World, out: Path) -> dict[str, int]:
    accounts = bank_accounts(world)
    return write_camt(accounts, out / BANK_EUR) | write_mt940(accounts, out / BANK_USD)


def _bank(name: str, options: str = "") -> str:
    # Clients quote the request's id; the bank wraps it where a line ends.
    return (
        f'[[sources]]\nname = "{name}"\nkind = "bank"\npath = "{name}"\n'
        f"[sources.options]\nreference_pattern = 'CRM-[DW]-(\\d{{6}})'\n{options}"
    )


SYSTEMS: tuple[System, ...] = (
    # Part of the CRM's folder, which has its block already.
    System(
        lambda world, out: (
            write_crm_events(world, out / "crm") | write_challenges(world, out / "crm")
        ),
        "",
        crm_truth,
    ),
    System(lambda world, out: write_copy(world, out / "crm"), ""),
    System(
        write_mt4,
        '[[sources]]\nname = "mt4_live"\nkind = "mt4"\nurl = "sqlite:///mt4_live.sqlite"\n',
        mt4_truth,
    ),
    System(
        lambda world, out: (
            write_stripe(world, out / "stripe") | write_stripe_objects(world, out / "stripe")
        ),
        '[[sources]]\nname = "stripe"\nkind = "stripe"\npath = "stripe"\n',
        stripe_truth,
    ),
    System(
        lambda world, out: write_adyen(world, out / "adyen"),
        '[[sources]]\nname = "adyen"\nkind = "adyen"\npath = "adyen"\n',
        adyen_truth,
    ),
    System(
        lambda world, out: write_paypal(world, out / "paypal"),
        '[[sources]]\nname = "paypal"\nkind = "paypal"\npath = "paypal"\n',
        paypal_truth,
    ),
    System(
        _write_banks,
        _bank(BANK_EUR) + "\n" + _bank(BANK_USD, 'encoding = "windows-1252"\n'),
        bank_truth,
    ),
    System(
        lambda world, out: write_closing_quotes(world, out / "reference"),
        '[[sources]]\nname = "reference"\nkind = "reference"\npath = "reference"\n'
        '[sources.options.quotes]\nzone = "server"\n',
        closing_quotes_truth,
    ),
    System(
        lambda world, out: coinspaid.write_coinspaid(world, out / "coinspaid"),
        coinspaid.CONFIGURATION,
        coinspaid.coinspaid_truth,
    ),
    System(
        lambda world, out: wallet.write_wallet(world, out / "wallet"),
        wallet.CONFIGURATION,
        wallet.wallet_truth,
    ),
    System(
        lambda world, out: sumsub.write_sumsub(world, out / "sumsub"),
        sumsub.CONFIGURATION,
        sumsub.sumsub_truth,
    ),
    System(
        lambda world, out: write_ctrader(world, out / "ctrader"),
        '[[sources]]\nname = "ctrader_live"\nkind = "ctrader"\npath = "ctrader"\n',
        ctrader_truth,
    ),
    # The same server as its web service shows it: a second way to the same figures, read by tests.
    # Write nothing: what the books of the two servers above come to.
    System(lambda world, out: {}, "", platform_books_truth),
    System(lambda world, out: {}, "", platform_positions_truth),
    System(lambda world, out: write_ctrader_web(world, out / "ctrader_web"), ""),
    System(lambda world, out: write_liquidity(world, out / "lp"), LIQUIDITY, liquidity_truth),
)
