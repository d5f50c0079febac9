"""A phenomenon's notes for a terminal or a pipe: every paragraph and item filled anew to the width there is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")


def filled(notes: str, width: int) -> str:
    """Return Markdown whose lines were broken at some other width with its paragraphs and items broken at this one."""
    return "\n".join(line for block, whole in _blocks(notes) for line in ([block] if whole else _filled(block, width)))


def _blocks(notes: str) -> Iterator[tuple[str, bool]]:
    """Items and paragraphs, each as one line, and whatever stays as it is: headings, empty lines, rows of tables and of code."""
    block, code = "", False
    for line in notes.strip().splitlines():
        fence = line.startswith("```")
        alone = code or fence or not line.strip() or line.startswith(("#", "|"))
        code ^= fence
        if block and (alone or ITEM.match(line)):
            yield block, False
            block = ""
        if alone:
            yield line.rstrip(), True
        else:
            block = f"{block} {line.strip()}" if block else line.rstrip()
    if block:
        yield block, False


def _filled(block: str, width: int) -> list[str]:
    found = ITEM.match(block)
    indent = " " * len(found[0]) if found else ""
    return textwrap.wrap(block, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
