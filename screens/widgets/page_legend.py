"""What the legend above a page of figures names: all that agree, else what they have in common, else what has no room below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from screens.figure_pages import numbers_row
from screens.widgets.palette import Theme
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.shared_legend import arranged, long, related, shared

FEW_ROWS = 2  # a longer one leaves out figures whose curves stand in no other figure
Legends = Mapping[int, Sequence[LegendEntry]]  # by figure


def page_legend(
    legends: Legends, numbers: Mapping[int, int], column: int, width: int, most: int, theme: Theme
) -> tuple[list[LegendEntry], set[int]]:  # fmt: skip
    """Return the entries and the figures whose curves they name; nothing where that would take too many rows.

    Behind the numbers of figures stands what their curves look like, of which one figure may have some only.

    Args:
        legends: of the figures of a page.
        numbers: by which they are chosen, in this order.
        column, width: characters of a figure and of the legend.
        most: rows that it may take.
    """
    for found, named, rows in _choices(legends, column, most):
        entries = _in_order(legends, numbers, named, theme) if found else []
        if named and len(arranged(entries, width)) <= rows:
            return entries, named
    return [], set()


def with_faint(entries: list[LegendEntry], words: str, bands: Mapping[int, str], width: int, theme: Theme) -> list[LegendEntry]:
    """Add to a legend what is drawn faintly: pinned and raw curves in any case, bands where that takes no row beyond FEW_ROWS.

    What all figures have stands before the first number, the bands of some behind their numbers. bands: what they are by the number of
    each figure of the page, empty where it has none.
    """
    if not entries:
        return entries
    numbered = any(not entry.label for entry in entries)
    if words:
        pale = LegendEntry("..", theme.faint(), words)
        entries = [pale, *entries] if numbered else [*entries, pale]
    most = max(FEW_ROWS, len(arranged(entries, width)))
    for kind in dict.fromkeys(filter(None, bands.values())):
        having = sorted(number for number, found in bands.items() if found == kind)
        where = [LegendEntry(f"{numbers_row(having)}:", theme.strong, "")]
        before = [entry for entry in entries if not entry.label]  # whose entries stand last
        band = LegendEntry("..", theme.faint(), kind)
        longer = [*entries, *([] if before[-1:] == where else where), band]
        if len(having) == len(bands):
            longer = [band, *entries] if numbered else [*entries, band]
        if len(arranged(longer, width)) <= most:
            entries = longer
    return entries


def _choices(legends: Legends, column: int, most: int) -> list[tuple[list[LegendEntry], set[int], int]]:
    """What could be named, the best first, each with the rows that it may take."""
    entries, named = shared(legends)
    choices = [(entries, named, FEW_ROWS), (*shared(related(legends, named, column)), most)]
    crowded = {figure: legend for figure, legend in legends.items() if long(legend, column)}
    longest = sorted(crowded, key=lambda figure: -len(arranged(crowded[figure], column)))
    return [*choices, (*shared(crowded, least=1), most), *((*shared({figure: crowded[figure]}), most) for figure in longest)]


def _in_order(legends: Legends, numbers: Mapping[int, int], named: set[int], theme: Theme) -> list[LegendEntry]:
    """The entries of some figures as these follow each other, each once, and each figure's all in one place.

    Those of figures with a curve in common stand together behind the numbers of these; no numbers where they are all figures with a legend.
    """
    groups: list[tuple[list[int], dict[LegendEntry, None]]] = []  # numbers of figures, and their entries
    for figure, number in numbers.items():
        entries = dict.fromkeys(legends[figure] if figure in named else ())
        if not entries:
            continue
        joined = [group for group in groups if not entries.keys().isdisjoint(group[1])]
        if not joined:
            groups.append(([number], entries))
            continue
        for other in joined[1:]:
            groups.remove(other)
        joined[0][0].extend([*(found for other in joined[1:] for found in other[0]), number])
        joined[0][1].update({entry: None for group in (*(other[1] for other in joined[1:]), entries) for entry in group})
    if len(groups) == 1 and not any(legend for figure, legend in legends.items() if figure not in named):
        return list(groups[0][1])
    by_number = {number: legends[figure] for figure, number in numbers.items()}
    return [
        entry
        for found, entries in groups
        for together, which in _by_figures(sorted(found), list(entries), by_number)
        for entry in (LegendEntry(f"{numbers_row(together)}:", theme.strong, ""), *which)
    ]


def _by_figures(
    found: list[int], entries: list[LegendEntry], legends: Mapping[int, Sequence[LegendEntry]]
) -> Iterator[tuple[list[int], list[LegendEntry]]]:  # fmt: skip
    """Part the entries of some figures: those of several, behind all the numbers, and those of one alone behind its own."""
    alone = {entry: [number for number in found if entry in legends[number]] for entry in entries}
    several = [entry for entry in entries if len(alone[entry]) > 1] or entries
    yield found, several
    for number in found:
        own = [entry for entry in entries if entry not in several and alone[entry] == [number]]
        if own:
            yield [number], own
