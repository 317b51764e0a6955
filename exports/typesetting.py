"""PDF by Typst: embedded fonts only, no clock, so equal content gives equal bytes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path


def typeset(
    template: Path, content: Mapping[str, object], created_at: dt.datetime, *, tagged: bool = True
) -> bytes:
    """Typeset `content`, handed to the template as JSON in `sys.inputs.content`.

    Args:
        template: a Typst file; it may read only from its own folder.
        content: what the template prints.
        created_at: UTC, to the second; the only date in the file.
        tagged: whether screen readers find the structure of tables in it.
    """
    import typst

    return typst.compile(
        str(template),
        root=str(template.parent),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"content": json.dumps(content, ensure_ascii=False, sort_keys=True)},
        timestamp=created_at.replace(tzinfo=dt.UTC, microsecond=0),
        pdf_tags=tagged,
    )
