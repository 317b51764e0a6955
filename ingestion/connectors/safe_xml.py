"""XML of strangers: no entities, no document types, no network, a limit on size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class UnreadableXmlError(ValueError):
    """A file that is no XML, or XML that is not taken from outside."""


def parse_xml(content: bytes, fallback_charset: str | None = None) -> etree._Element:
    """The root element.

    Args:
        fallback_charset: for a file that declares no charset and is not UTF-8.

    Raises:
        UnreadableXmlError: it cannot be parsed, or it brings a document type of its own.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding=fallback_charset if not charset_declared(content) else None,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableXmlError(str(error)) from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableXmlError("it brings a document type (DOCTYPE), which is not accepted")
    return root


def charset_declared(content: bytes) -> bool:
    """Whether the file says its charset, by a declaration or a byte order mark."""
    return content.startswith(_BOMS) or bool(_DECLARED.match(content[:400]))


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Children of that name, whatever their namespace."""
    return (child for child in element if local_name(child) == name)


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first element along a path of names; None where it ends early."""
    for name in path:
        if element is None:
            return None
        element = next(children(element, name), None)
    return element


def text(element: etree._Element | None, *path: str) -> str | None:
    """The text at the end of a path of names, stripped; None where there is none."""
    found = child(element, *path)
    if found is None or found.text is None:
        return None
    return found.text.strip() or None
