"""How fast the simulator makes deals: drawn alone, and with its databases and files written."""

from __future__ import annotations

from benchmarks.measurement import RUNS, Measurement, median, spread, timed, told
from benchmarks.workspace import SEED, Size, Workspace

DEALS = 1_000_000


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """Deals a second of ``daybook simulate``, into SQLite and without the truth files."""
    from ingestion.simulator import simulate

    size = Size(deals or DEALS)
    drawn: list[float] = []
    whole: list[float] = []
    made = 0
    for number in range(RUNS):
        told(f"simulate: run {number + 1} of {RUNS}, {size.deals:,} deals")
        folder = work.folder("simulated")
        seconds, summary = timed(
            lambda folder=folder: simulate(  # type: ignore[misc]
                seed=SEED,
                days=size.days,
                accounts=size.accounts,
                out=folder,
                target_deals=size.deals,
                truth=False,
                white_label=False,
            )
        )
        made = summary.rows["mt5_deals"]
        drawn.append(summary.generate_seconds)
        whole.append(seconds)
        work.drop_folder(folder)
    data = f"{made:,} deals, {size.accounts} accounts, {size.days} days"
    return [
        Measurement(
            "simulate_deals_per_second",
            made / median(whole),
            "deals/s",
            RUNS,
            f"drawn and written to SQLite and files; {data}; {spread(whole)} s",
        ),
        Measurement(
            "simulate_drawn_deals_per_second",
            made / median(drawn),
            "deals/s",
            RUNS,
            f"every table drawn, nothing written; {data}; {spread(drawn)} s",
        ),
    ]
