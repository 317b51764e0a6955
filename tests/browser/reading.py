"""Reads the screens as a person would: tiles, tables, notices."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

_SETTLE_SECONDS = 60
_ROW_PIXELS = 35
_IS_SETTLED = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const busy = '[data-testid=stSkeleton], [data-testid=stSpinner], [data-testid=stAppSkeleton]';
    return Boolean(app) && app.getAttribute('data-test-script-state') === 'notRunning'
        && document.querySelectorAll(busy).length === 0;
}"""


class Screen:
    """One page of the app in one browser tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, path: str = "") -> Screen:
        """Go to a page and wait until it is drawn."""
        self.page.goto(f"{self.url}/{path}")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until the app has been quiet for a second."""
        self.page.wait_for_selector('[data-testid="stApp"]')
        until = time.monotonic() + _SETTLE_SECONDS
        quiet = 0
        while quiet < 4:
            assert time.monotonic() < until, "the page never came to rest"
            quiet = quiet + 1 if self.page.evaluate(_IS_SETTLED) else 0
            time.sleep(0.25)

    def text(self) -> str:
        """Everything written on the page, tables excepted."""
        return self.page.locator('[data-testid="stMain"]').inner_text()

    def tile(self, label: str) -> Decimal:
        """The figure of a tile."""
        tile = self.page.locator('[data-testid="stMetric"]').filter(has_text=label)
        value = tile.locator('[data-testid="stMetricValue"]').inner_text()
        return number(value)

    def notices(self) -> list[str]:
        """Errors, warnings and hints on the page."""
        return self.page.locator('[data-testid="stAlert"]').all_inner_texts()

    def table(self, key: str) -> Locator:
        """The table of selectable rows whose Streamlit key begins so."""
        return self.page.locator(f'[class*="st-key-{key}"] [data-testid="stDataFrame"]')

    def table_with(self, header: str) -> Locator:
        """The table that has a column of that name."""
        # The grid is a canvas; inside it, it keeps the same cells as a table for screen readers.
        column = self.page.locator("th").filter(has_text=re.compile(f"^{re.escape(header)}$"))
        return self.page.locator('[data-testid="stDataFrame"]').filter(has=column)

    def rows(self, table: Locator) -> list[list[str]]:
        """The cells of a table's visible rows, as they are drawn."""
        expect(table).to_be_attached(timeout=20_000)
        table.scroll_into_view_if_needed()
        expect(table.locator("tbody tr").first).to_be_attached(timeout=20_000)
        time.sleep(0.5)
        cells: list[list[str]] = table.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))"
        )
        return cells

    def saved(self, button: Locator, target: Path) -> Path:
        """What the browser saves when a button is pressed."""
        with self.page.expect_download() as waiting:
            button.click()
        waiting.value.save_as(target)
        return target

    def csv_button(self, stem: str) -> Locator:
        """The CSV button of the table whose file name begins so."""
        return self.page.locator(
            f'[class*="st-key-csv-{stem}"] [data-testid="stDownloadButton"] button'
        ).first

    def select_row(self, key: str, row: int) -> None:
        """Tick the checkbox of a row, counted from 0."""
        table = self.table(key)
        table.scroll_into_view_if_needed()
        box = table.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + 18, box["y"] + _ROW_PIXELS * (row + 1) + 17)
        self.settle()

    def press(self, label: str) -> None:
        """Press the button of that label."""
        self.page.get_by_role("button", name=label, exact=True).click()
        self.settle()


def number(text: str) -> Decimal:
    """A figure as it is drawn, without its thousands separators."""
    return Decimal(text.replace(",", "").strip())
