"""Great Expectations' Data Docs as evidence: pages that open without asking anybody anything.

As written, the pages fetch styles, scripts and a logo from public networks whenever they are
opened. Evidence has to look the same in ten years and must tell nobody that it is being read.
"""

from __future__ import annotations

import re
from pathlib import Path

_REMOTE = re.compile(
    r"<script\b[^>]*\bsrc\s*=\s*[\"']https?://[^>]*>\s*</script>"
    r"|<link\b[^>]*\bhref\s*=\s*[\"']https?://[^>]*>"
    r"|<img\b[^>]*\bsrc\s*=\s*[\"']https?://[^>]*>"
    r"|@import\s+url\([^)]*https?://[^)]*\);?",
    re.IGNORECASE,
)
_REMOTE_IMAGE = re.compile(r"url\(\s*[\"']?https?://[^)]*\)", re.IGNORECASE)
_HEAD_END = re.compile(r"</head>", re.IGNORECASE)

_STYLE = """
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem;
         padding: 0 1rem; color: #1a1a1a; }
  nav ol, ul { padding-left: 1.2rem; }
  table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100%; }
  th, td { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left;
           vertical-align: top; overflow-wrap: anywhere; }
  th { background: #f2f2f2; }
  .badge, .popover, .modal, .btn { display: none; }
  .collapse { display: block; }
  .ge-navigation-sidebar-container { margin-bottom: 1.5rem; }
</style>
"""


def keep_to_itself(folder: Path) -> None:
    """Take everything fetched from elsewhere out of the pages of a folder."""
    for page in sorted(folder.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        text = _REMOTE_IMAGE.sub("none", _REMOTE.sub("", text))
        text = _HEAD_END.sub(lambda end: _STYLE + end.group(0), text, count=1)
        page.write_text(text, encoding="utf-8")
