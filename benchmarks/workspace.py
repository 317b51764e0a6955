"""Where benchmarks work: a temporary folder with brokers and loaded lakes, all removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measurement import BenchmarkError, told
from warehouse.settings import Settings, load_settings

SEED = 7
SERVER = "mt5_live"


@dataclass(frozen=True)
class Size:
    """How large a broker a benchmark measures.

    Attributes:
        deals: about so many trade deals in all.
        days: calendar days, ending on the last day the simulator knows rates for.
        accounts: client accounts.
    """

    deals: int
    days: int = 90
    accounts: int = 200


class Workspace:
    """Brokers and lakes, each made once a session and copied for whoever changes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Size, Path] = {}
        self._homes = 0

    def folder(self, name: str) -> Path:
        """A new empty folder."""
        self._homes += 1
        made = self._folder / f"{name}-{self._homes}"
        made.mkdir()
        return made

    def broker(self, size: Size) -> Path:
        """A simulated broker of that size: sources and configuration, no truth."""
        from ingestion.simulator import simulate

        if size not in self._made:
            told(f"simulating {size.deals:,} deals, {size.accounts} accounts, {size.days} days")
            folder = self.folder("broker")
            simulate(
                seed=SEED,
                days=size.days,
                accounts=size.accounts,
                out=folder,
                target_deals=size.deals,
                truth=False,
                white_label=False,
            )
            self._made[size] = folder
        return self._made[size]

    def settings(self, broker: Path) -> Settings:
        """An installation that reads the broker into a home of its own, still empty."""
        return load_settings(broker / "daybook.toml").model_copy(
            update={"home": self.folder("home"), "truth_path": None}
        )

    def copy(self, settings: Settings) -> Settings:
        """The same installation in a copy of its home, so that a run starts where others did."""
        home = self.folder("home")
        shutil.copytree(settings.home, home, dirs_exist_ok=True)
        return settings.model_copy(update={"home": home})

    def drop_folder(self, folder: Path) -> None:
        """Remove a folder of this workspace."""
        shutil.rmtree(folder, ignore_errors=True)

    def drop(self, settings: Settings) -> None:
        """Remove a home that is not needed any more: lakes of a million deals add up."""
        self.drop_folder(settings.home)


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A workspace outside the repository; nothing of it stays."""
    with TemporaryDirectory(prefix="daybook-benchmarks-") as folder:
        # A server that a benchmark starts may run as another user and has to get in.
        Path(folder).chmod(0o755)
        yield Workspace(Path(folder))


def load_all(settings: Settings) -> None:
    """One pass over every source.

    Raises:
        BenchmarkError: a source failed.
    """
    from ingestion.sync import sync_once

    report = sync_once(settings)
    failed = [source for source in report.sources if source.failed]
    if failed:
        raise BenchmarkError(f"the sources could not be loaded: {failed}")
