"""What the tour says in words: the question, and what is told after the answer. Texts only; the screen puts them in their places."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from engine.contract import Snapshot
from engine.contract.tour import Answer, Choice, Feedback, Found, Grade, Number, Stop, Visit, written
from screens import formatting
from screens.widgets.text_row import spread

GRADE_STYLE: dict[Grade, str] = {"right": "bold green", "near": "bold yellow", "off": "bold magenta"}
LEAST_SENTENCE, ENOUGH = 20, 36  # cells of a claim that are shown in any case, and those that come before the predicted value
RESULT = {"right": ("right", "green"), "near": ("near", "yellow"), "off": ("seen", "magenta"), "skipped": ("skipped", "dim")}


def title_row(stop: Stop, place: int, count: int, visits: Sequence[Visit], width: int) -> Text:
    """Return the row on top: which stop of how many, and how many were answered."""
    left = Text.assemble((" genlab tour ", "reverse bold"), f" {place + 1}/{count}  ", (stop.title, "bold"), (f"  {stop.page}", "dim"))
    answered = [visit for visit in visits if visit.result != "skipped"]
    right = sum(visit.result == "right" for visit in answered)
    return spread(left, Text(f"answered {len(answered)}, right {right} ", "dim"), width)


def question_text(setting: str, ask: str) -> Text:
    """Return what is run and what is asked."""
    return Text.assemble(setting, " ", (ask, "bold"))


def noted(stop: Stop, answer: Answer, snapshot: Snapshot) -> str:
    """Repeat an answer while its run computes; a curve is seen."""
    question = stop.question
    if isinstance(question, Choice) and isinstance(answer, int):
        return f"You said: {stop.words(snapshot.config)[2][answer]}."
    if isinstance(question, Number) and not isinstance(answer, tuple):
        return f"You said {question.what} = {written(answer)} {question.unit}".rstrip() + "."
    return "Your curve is noted."


def before_text(stop: Stop, visit: Visit | None, snapshot: Snapshot) -> Text:
    """Return what was answered to a stop before, in a sentence behind its question; nothing at the first visit."""
    if visit is None or visit.answer is None:
        return Text()
    word, style = RESULT[visit.result]
    said = "You drew a curve." if isinstance(visit.answer, tuple) else noted(stop, visit.answer, snapshot)
    graded = f" ({word})" if visit.result in ("right", "near") else ""
    return Text.assemble((f" Last time {said[0].lower()}{said[1:].removesuffix('.')}", "dim"), (graded, style), (".", "dim"))


def answer_text(found: Found, feedback: Feedback, snapshot: Snapshot, stop: Stop, width: int, whole: bool) -> Text:
    """Return how near the answer was, what the run says, and the verdicts of the claims concerned.

    whole: whether there is room for claims that take more than a row.
    """
    rows = [Text(feedback.sentence, GRADE_STYLE[feedback.grade]), Text(found.sentence), *verdict_rows(snapshot, stop, width, whole)]
    return Text("\n").join(rows)


def verdict_rows(snapshot: Snapshot, stop: Stop, width: int, whole: bool) -> list[Text]:
    """Return a row for each claim of a stop, or more where it is whole: its mark, what it says, and measured beside predicted value."""
    rows = []
    for name in stop.claims:
        for verdict in (item for item in snapshot.verdicts if item.claim.id == name):
            row = Text.assemble((f"{verdict.mark:>3} ", formatting.STATUS_STYLE[verdict.status]), (f"{name} ", "bold"))
            measured = f": {formatting.number(verdict.measured)}"
            numbers = Text.assemble(measured, (f" ({formatting.number(verdict.predicted)})", "dim"))
            sentence = Text(verdict.claim.sentence)
            if not whole:
                room = width - row.cell_len
                sentence = _cut(sentence, max(LEAST_SENTENCE, room - numbers.cell_len, min(ENOUGH, room - len(measured) - 2)))
            row = Text.assemble(row, sentence, numbers)
            rows.append(row if whole else _cut(row, max(1, width)))
    return rows


def _cut(text: Text, width: int) -> Text:
    """Return a text that fits, cut off between words where it does not: half a number would be another one."""
    if text.cell_len <= width:
        return text
    cut = text.copy()
    cut.truncate(max(0, width - 2))
    if (end := cut.plain.rfind(" ")) > 0 and text.plain[len(cut.plain)] != " ":
        cut.truncate(end)
    cut.rstrip()
    return cut.append(" …") if cut.plain else Text("…")


def explanation_text(stop: Stop) -> Text:
    """Return the few sentences that explain, and the formula."""
    head = (f"{stop.concept}. ", "bold") if stop.concept else ""
    return Text.assemble(head, stop.explanation, "\n", (stop.formula, "cyan"))


def result_of(visit: Visit | None) -> Text:
    """Return what became of a stop, in a word."""
    word, style = RESULT[visit.result] if visit is not None else ("", "")
    return Text(f"{word:8}", style)
