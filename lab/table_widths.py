"""How wide the columns of a table are that does not fit: none narrower than its longest word, as long as there is room for the words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

LONGEST_WORD = 24  # cells; longer ones may be broken


def fitted_widths(texts: Sequence[Sequence[str]], room: int, whole: Sequence[bool]) -> list[int] | None:
    """Return the width of every column in cells, or None where everything fits, or not even the words do.

    Args:
        texts: heading and cells, column by column.
        room: cells for all columns together.
        whole: for each column, whether its cells may not be broken at all.
    """
    widths = [max((cell_len(line) for text in column for line in text.splitlines()), default=0) for column in texts]
    if sum(widths) <= room:
        return None
    least = [
        width if kept else min(width, LONGEST_WORD, max((cell_len(word) for text in column for word in text.split()), default=0))
        for column, width, kept in zip(texts, widths, whole, strict=True)
    ]
    if sum(least) > room:
        return None
    for _ in range(sum(widths) - room):
        widest = max((place for place, width in enumerate(widths) if width > least[place]), key=lambda place: widths[place])
        widths[widest] -= 1
    return widths
