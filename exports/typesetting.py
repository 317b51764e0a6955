"""PDF by Typst: no system font unless one is asked for, no clock: equal content, equal bytes."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exports.errors import PresentationError

if TYPE_CHECKING:
    import typst

EMBEDDED = "Libertinus Serif"
"""The family that the typesetter carries: Latin, Greek and Cyrillic."""
_kept = threading.local()


def typeset(
    template: Path,
    content: Mapping[str, object],
    created_at: dt.datetime,
    *,
    tagged: bool = True,
    fonts: Sequence[str] = (EMBEDDED,),
    font_paths: Sequence[Path] = (),
    root: Path | None = None,
) -> bytes:
    """Typeset `content`, handed to the template as JSON in `sys.inputs.content`.

    Args:
        template: a Typst file of one piece.
        content: what the template prints.
        created_at: UTC, to the second; the only date in the file.
        tagged: whether screen readers find the structure of tables in it.
        fonts: families that must be there.
        font_paths: folders of fonts beside the embedded ones, read only where one is needed.
        root: the one folder that pictures come from; the template's own by default.

    Raises:
        PresentationError: a font is not in any of the folders, or a picture cannot be drawn.
    """
    import typst

    paths = tuple(font_paths) if any(name != EMBEDDED for name in fonts) else ()
    missing = [name for name in fonts if name not in _families(paths)]
    if missing:
        raise PresentationError(
            f"The font {missing[0]} is not installed.",
            where=f"statements.font_paths = {', '.join(map(str, font_paths)) or 'none'}",
            todo="run scripts/system_packages.sh (Debian: apt-get install fonts-noto-core "
            "fonts-noto-cjk), or name the folder that holds it",
        )
    compiler = _compiler(paths, root or template.parent)
    try:
        made: Any = compiler.compile(
            input=_source(template),
            format="pdf",
            sys_inputs={"content": json.dumps(content, ensure_ascii=False, sort_keys=True)},
            timestamp=created_at.replace(tzinfo=dt.UTC, microsecond=0),
            pdf_tags=tagged,
        )
    except typst.TypstError as error:
        raise PresentationError(
            f"The paper cannot be typeset: {error.message}.",
            where=str(template),
            todo="if it names a picture, save the logo again; else correct the template",
        ) from error
    return bytes(made)


def _compiler(paths: tuple[Path, ...], root: Path) -> typst.Compiler:
    """One a thread: fonts are read once."""
    import typst

    held: dict[tuple[object, ...], typst.Compiler] | None = getattr(_kept, "compilers", None)
    if held is None:
        held = _kept.compilers = {}
    key = (paths, root)
    if key not in held:
        held[key] = typst.Compiler(
            root=str(root),
            font_paths=_fonts(paths),
            ignore_system_fonts=True,
        )
    return held[key]


@lru_cache
def _source(template: Path) -> bytes:
    return template.read_bytes()


@lru_cache
def _fonts(paths: tuple[Path, ...]) -> typst.Fonts:
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(path) for path in paths],
    )


@lru_cache
def _families(paths: tuple[Path, ...]) -> frozenset[str]:
    return frozenset(_fonts(paths).families())
