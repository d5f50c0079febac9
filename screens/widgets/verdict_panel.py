"""The claims of a phenomenon: sentence, predicted, measured, mark; as a table where there is width, stacked where not."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.widget import Widget

from engine.contract import Status, Verdict
from screens import formatting
from screens.widgets.text_row import fit

WIDE = 100  # columns from which a claim is one table row
OTHERWISE = "other settings"  # what these need
NOTHING = "none"  # the tolerance of a claim whose prediction says it all
UNBROKEN = "\u00a0"
MARK, IDENTITY = 9, 5
LEAST_VALUE, MOST_VALUE = 11, 18  # columns of a value: words in it are not broken, and sentences take fewer rows


def tally_row(verdicts: Sequence[Verdict], width: int) -> Text:
    """Return one row that counts the claims by mark, names those that fail, and counts together those that this run is not meant for."""
    if not verdicts:
        return Text("claims: none decided yet", "dim")
    counts = formatting.tally(verdicts)
    others = sum(len(counts.pop(status, ())) for status in formatting.NOT_OF_THIS_RUN)
    parts = [Text(f"{len(ids)} {status.mark}", formatting.STATUS_STYLE[status]) for status, ids in counts.items()]
    named = [
        part + Text(f" ({', '.join(ids)})") if status is Status.FAILS else part
        for part, (status, ids) in zip(parts, counts.items(), strict=True)
    ]
    head = Text("claims", "dim")
    rest = [Text(f"{others} {'needs' if others == 1 else 'need'} {OTHERWISE}", "dim")] if others else []
    choices = [[head, *named, *rest], [head, *parts, *rest], [*parts, *rest]]
    return next((row for choice in choices if (row := Text("  ").join(choice)).cell_len <= width), fit(parts, width))


def verdict_table(verdicts: Sequence[Verdict], width: int) -> Text:
    """Return every claim as text of at most `width` columns, what this run decides, identities, and what needs other settings."""
    if not verdicts:
        return Text("\n".join(_wrap("The claims appear when the run has begun.", width, 0)), "dim")
    meant, others = ([item for item in verdicts if (item.status in formatting.NOT_OF_THIS_RUN) == wanted] for wanted in (False, True))
    own, identities = ([item for item in meant if item.claim.identity == wanted] for wanted in (False, True))
    parts = [_claims(own, width)] if own else []
    if identities:
        parts += [Text(line, "dim") for line in _wrap("identities: cannot come out otherwise, checked all the same", width, 2)]
        parts.append(_claims(identities, width))
    others.sort(key=lambda item: item.claim.applies("quick"))
    return Text("\n").join([*parts, *_elsewhere(others, width)])


def _elsewhere(verdicts: Sequence[Verdict], width: int) -> Iterator[Text]:
    """Lay out what this run does not decide: nothing is measured, so the sentences alone, under what they need."""
    needs: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        needs.setdefault((verdict.mark, verdict.remark or f"needs {OTHERWISE}"), []).append(verdict)
    for (mark, remark), some in needs.items():
        yield Text("\n".join(_wrap(f"{mark}: {remark}", width, 2)), "dim")
        for verdict in some:
            for line in _wrap(f"  {verdict.claim.id} {verdict.claim.sentence}", width, len(verdict.claim.id) + 3):
                yield Text(line)


def _claims(verdicts: Sequence[Verdict], width: int) -> Text:
    if width < WIDE:
        mark = min(MARK, max(len(verdict.mark) for verdict in verdicts) + 2)
        return Text("\n").join(_stacked(verdict, width, mark) for verdict in verdicts)
    first = _columns([formatting.number(verdict.predicted) for verdict in verdicts])
    second = _columns([formatting.number(verdict.measured) for verdict in verdicts])
    head = Text(f"{'mark':{MARK}}{'claim':{width - MARK - first - second}}{'predicted':>{first}}{'measured':>{second}}", "dim")
    return Text("\n").join([head, *(_row(verdict, width, first, second) for verdict in verdicts)])


def _columns(values: Sequence[str]) -> int:
    """How wide a column of values must be for its longest word, and for a sentence to take no more than a few rows."""
    longest = max((len(word) for value in values for word in value.split()), default=0)
    needed = max(longest, *(len(value) // 3 for value in values)) + 1
    return min(MOST_VALUE, max(LEAST_VALUE, needed))


def _row(verdict: Verdict, width: int, first: int, second: int) -> Text:
    """Lay a claim out as a table row; a sentence or value that is too long takes further lines of its own cell."""
    room = width - MARK - first - second
    sentence = [(line, "") for line in _wrap(f"{verdict.claim.id:{IDENTITY}}{verdict.claim.sentence}", room - 2, IDENTITY)]
    for words in (_tolerance(verdict), verdict.remark):
        sentence += [(f"{'':{IDENTITY}}{line}", "dim") for line in (_wrap(words, room - 2 - IDENTITY, 0) if words else ())]
    predicted, measured = (
        _wrap(formatting.number(verdict.predicted), first - 1, 0),
        _wrap(formatting.number(verdict.measured), second - 1, 0),
    )
    return Text("\n").join(
        Text.assemble(
            _mark(verdict, index),
            (f"{sentence[index][0]:{room}}", sentence[index][1]) if index < len(sentence) else " " * room,
            (f"{_at(predicted, index):>{first}}", "dim"),
            (f"{_at(measured, index):>{second}}", "bold"),
        )
        for index in range(max(len(sentence), len(predicted), len(measured)))
    )


def _stacked(verdict: Verdict, width: int, mark: int) -> Text:
    """Lay a claim out below one another: mark and sentence, then measured against predicted.

    mark: columns of the mark.
    """
    sentence = _wrap(f"{verdict.claim.id} {verdict.claim.sentence}", width - mark, len(verdict.claim.id) + 1)
    lines = [Text.assemble(_mark(verdict, index, mark), part) for index, part in enumerate(sentence)]
    measured, indent = f"measured {formatting.number(verdict.measured)}", len(verdict.claim.id) + 1
    room = width - mark - indent
    tolerance = _tolerance(verdict)
    judged = f"{' ' if tolerance.startswith('(') else ', '}{tolerance}" if tolerance else ""
    values = _wrap(f"{measured}, predicted {formatting.number(verdict.predicted)}{judged}", room, 0)
    left = len(measured)  # what is measured may take several lines
    for part in [*values, *(_wrap(verdict.remark, room, 0) if verdict.remark else ())]:
        strong = part[: max(0, left)]
        left -= len(part) + 1
        lines.append(Text.assemble(" " * (mark + indent), (strong, "bold"), (part[len(strong) :], "dim")))
    return Text("\n").join(lines)


def _mark(verdict: Verdict, index: int, width: int = MARK) -> tuple[str, str]:
    return f"{verdict.mark if index == 0 else '':{width}}", formatting.STATUS_STYLE[verdict.status]


def _tolerance(verdict: Verdict) -> str:
    """How far measured may be from predicted, or what is asked of it; nothing where the prediction says it all."""
    tolerance = verdict.claim.tolerance
    if not tolerance or tolerance == NOTHING:
        return ""
    if tolerance[0] in "<>":
        return f"asked: {_whole(tolerance)}"
    counted = (tolerance[0] in ".0123456789" and "by luck" not in tolerance) or tolerance.startswith("a factor")
    return f"within {_whole(tolerance)}" if counted else f"({_whole(tolerance)})"


def _whole(tolerance: str) -> str:
    """A short tolerance with blanks at which no line is broken."""
    return tolerance.replace(" ", UNBROKEN) if len(tolerance) <= 12 else tolerance


def _at(lines: list[str], index: int) -> str:
    return lines[index] if index < len(lines) else ""


def _wrap(text: str, width: int, indent: int) -> list[str]:
    text = re.sub(r"(?<=\d) (?=%)", UNBROKEN, text)
    lines = textwrap.wrap(text, max(8, width), subsequent_indent=" " * indent) or [""]
    return [line.replace(UNBROKEN, " ") for line in lines]


class VerdictTable(Widget):
    """The claims as rows, laid out for whatever width it gets."""

    DEFAULT_CSS = "VerdictTable { width: 1fr; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._verdicts: tuple[Verdict, ...] = ()
        self._flaw = ""
        self._laid_out: tuple[tuple[Verdict, ...], str, int, Text] | None = None

    def show(self, verdicts: tuple[Verdict, ...], flaw: str = "") -> None:
        """Replace the claims, and what is wrong with the files of their run; repainted only if something changed."""
        if (verdicts, flaw) != (self._verdicts, self._flaw):
            self._verdicts, self._flaw = verdicts, flaw
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows at a width, which may not be the present one."""
        return self._at(width).plain.count("\n") + 1

    def render(self) -> Text:
        """Return the rows."""
        return self._at(self.size.width)

    def _at(self, width: int) -> Text:
        if self._laid_out is None or self._laid_out[:3] != (self._verdicts, self._flaw, width):
            table = verdict_table(self._verdicts, width)
            wrong = ("\n".join([*_wrap(self._flaw, width, 0), ""]), "bold red") if self._flaw else ""
            self._laid_out = self._verdicts, self._flaw, width, Text.assemble(wrong, table)
        return self._laid_out[3]


class VerdictPanel(VerticalScroll):
    """The claims, scrolled with the arrow keys when focused."""

    DEFAULT_CSS = "VerdictPanel { height: 1fr; scrollbar-gutter: stable; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._table = VerdictTable()

    def compose(self) -> ComposeResult:
        """Hold the claims."""
        yield self._table

    def show(self, verdicts: tuple[Verdict, ...], flaw: str = "") -> None:
        """Replace the claims. flaw: what is missing of what their run left, said above them."""
        self._table.show(verdicts, flaw)
