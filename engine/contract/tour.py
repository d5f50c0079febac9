"""A stop of the tour: what it asks before anything is shown, the run that answers, and what is said of the two together.

A person chooses, gives a number, or draws a curve. What is right is read off the run's snapshot and never written down here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.contract.declared import Axis
from engine.contract.drawn import Series
from engine.contract.session import Snapshot
from engine.errors import KnobError, LabError, echoed

if TYPE_CHECKING:
    from engine.contract.drawn import Floats

Grade = Literal["right", "near", "off"]
YOUR: dict[Grade, str] = {"right": "Right: your", "near": "Near: your", "off": "Your"}
FLAT = 0.05  # of a curve's height: what goes up or down by less is neither
FAR = 3  # times as far as half of the handles may be off (in powers of a factor): who is farther off anywhere is not right
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(?![\d,])")  # commas that separate thousands; a single one elsewhere is a decimal point


class Undecided(LabError):
    """The run ended and does not say what was asked; the message says why."""


@dataclass(frozen=True)
class Found:
    """What a run says is right.

    answer: the place of an option, a number, or a curve. lo, hi: the range of a number over seeds or draws, nan without one.
    sentence: the same with the run's numbers.
    """

    answer: int | float | Series
    sentence: str
    lo: float = math.nan
    hi: float = math.nan


@dataclass(frozen=True)
class Feedback:
    """How a prediction compares with what was found: a grade, and a sentence that says by how much."""

    grade: Grade
    sentence: str


@dataclass(frozen=True)
class Choice:
    """One of two to four options."""

    options: tuple[str, ...]

    def compare(self, given: float | Sequence[float], found: Found) -> Feedback:
        """Compare the option that was chosen, by its place, with the one that the run shows to be right."""
        right = int(_single(found.answer))
        if int(_single(given)) == right:
            return Feedback("right", f"Right: {self.options[right]}.")
        return Feedback("off", f"You said: {self.options[int(_single(given))]}. The run says: {self.options[right]}.")


@dataclass(frozen=True)
class Number:
    """A number between lo and hi.

    what: what is asked, for the row where it is typed. log: its size matters: nearness is a factor, else a distance.
    near: the factor, or distance, that is still near; right is half of it (in the logarithm), or the range of the run's seeds.
    axis: the axis of the figure on which it lies, to be marked there; empty where it lies on none.
    per: the scalar of the run that it is a multiple of, where the axis has their product.
    """

    what: str
    lo: float
    hi: float
    near: float
    unit: str = ""
    log: bool = True
    axis: Literal["", "x", "y"] = ""
    per: str = ""

    def read(self, text: str) -> float:
        """Return the number that a text stands for.

        Raises:
            KnobError: it stands for none, or for one out of range.
        """
        plain = text.strip().replace("_", "")
        plain = plain.replace(",", "") if THOUSANDS.match(plain) else plain.replace(",", ".")
        try:
            value = float(plain)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise KnobError(f"{self.what} must be a number between {self.range}, got {echoed(text) or 'nothing'}")
        if not self.lo <= value <= self.hi:
            raise KnobError(f"{self.what} must be between {self.range}, got {echoed(text)}")
        return value

    @property
    def range(self) -> str:
        """The numbers that may be given."""
        return f"{written(self.lo)} and {written(self.hi)} {self.unit}".rstrip()

    def compare(self, given: float | Sequence[float], found: Found) -> Feedback:
        """Say how far a number is from the one that was found."""
        said, truth = float(_single(given)), float(_single(found.answer))
        unit = f" {self.unit}" if self.unit else ""
        both = f"You said {written(said)}{unit}, {'it' if unit else self.what} is {written(truth)}{unit}{_spread(found)}"
        if self.log and said > 0 and truth > 0:
            factor = max(said / truth, truth / said)
            apart, limit = math.log(factor), math.log(self.near)
            how = f"{written(factor)} times too {'much' if said > truth else 'little'}"
        else:
            apart, limit = abs(said - truth), self.near
            how = f"{written(apart)} too {'much' if said > truth else 'little'}"
        if apart <= limit / 2 or found.lo <= said <= found.hi:
            return Feedback("right", f"{both}: right.")
        return Feedback("near", f"{both}: near, {how}.") if apart <= limit else Feedback("off", f"{both}: {how}.")


@dataclass(frozen=True)
class Sketch:
    """A curve, drawn by handles over the figure's own axes.

    at: the handles' x, ascending. lo, hi: what the y axis shows before the answer is seen; log: whether it is logarithmic.
    what: what the heights are, where the label of the figure's axis says it only together with its title; empty where that says it.
    start: the height of all handles at first. near: the factor (on a log axis), or distance, that half of them may be off; a curve
    is right where it also goes up and down as the other does, and all are within the cube of that factor: who draws a steep fall for a
    slow one has not got it right. It is near where it goes the same ways and half of them are within the square of the factor; or where
    half are within the factor itself, half of the ways are the same, and all are within its cube: who misses a peak has not come near.
    What lies beyond the axes could not be drawn, and is compared at their ends.
    """

    at: tuple[float, ...]
    lo: float
    hi: float
    start: float
    near: float
    log: bool = True
    what: str = ""

    def truth(self, curve: Series, log_x: bool) -> Floats:
        """Return the heights of a curve at the handles. Shape (handles,); nan beyond its ends."""
        x, y, at = np.asarray(curve.x), np.asarray(curve.y), np.asarray(self.at)
        there = np.isfinite(x) & np.isfinite(y) & (x > 0 if log_x else True) & (y > 0 if self.log else True)
        if not there.any():
            return np.full(at.shape, np.nan)
        order = np.argsort(x[there], kind="stable")
        x, y = x[there][order], y[there][order]
        if log_x:
            x, at = np.log10(x), np.log10(at)
        slack = 1e-9 * max(1.0, float(np.abs(x).max()))
        inside = (at >= x[0] - slack) & (at <= x[-1] + slack)
        heights = np.interp(at, x, np.log10(y) if self.log else y)
        return np.where(inside, 10**heights if self.log else heights, np.nan)

    def compare(self, given: float | Sequence[float], found: Found) -> Feedback:
        """Say where a drawn curve goes the same way as the one that was found, and how far its points are from it.

        The curve that was found has its points at the handles.
        """
        drawn = np.atleast_1d(np.asarray(given, dtype=float))
        truth = np.asarray(found.answer.y if isinstance(found.answer, Series) else found.answer, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            ours, theirs = (np.log10(drawn), np.log10(truth)) if self.log else (drawn, truth)
            ends = np.log10([self.lo, self.hi]) if self.log else np.array([self.lo, self.hi])
        apart = np.abs(ours - np.clip(theirs, *ends))  # for the grade; the sentence names what is farthest of all
        known = np.isfinite(apart)
        if known.sum() < 2:
            raise Undecided("the run's curve does not reach the places where one was drawn")
        same, turns = _same_ways(ours[known], theirs[known])
        half, worst = float(np.median(apart[known])), int(np.nanargmax(np.where(known, np.abs(ours - theirs), np.nan)))
        off = f"a factor of {written(10**half)}" if self.log else written(half)
        limit = math.log10(self.near) if self.log else self.near
        close = half <= limit and float(apart[known].max()) <= FAR * limit
        if same == turns:
            grade: Grade = "right" if close else "near" if half <= 2 * limit else "off"
        else:
            grade = "near" if close and 2 * same >= turns else "off"
        sentence = (
            f"{YOUR[grade]} curve goes the right way in {same} of {turns} parts; half of its points are within {off}. "
            f"Farthest at {written(self.at[worst])}: you drew {written(drawn[worst])}, it is {written(truth[worst])}."
        )
        return Feedback(grade, sentence)


@dataclass(frozen=True)
class Part:
    """Curves that one figure lends to another: those of a pattern, drawn under a label of their own, with the markers of their figure."""

    figure: str
    series: str
    label: str


@dataclass(frozen=True)
class Joined:
    """A figure of a stop's own, of curves that a phenomenon draws in several figures over the same x axis."""

    title: str
    y: Axis
    parts: tuple[Part, ...]


Question = Choice | Number | Sketch
Answer = int | float | tuple[float, ...]


@dataclass(frozen=True)
class Stop:
    """One stop.

    title: what it is about, without giving away the answer; concept: what it teaches, told with the explanation.
    page: what it is in a textbook ("definition", "exercise 2"). setting: what is run; ask: what is asked. `{knob}` in both, and in
    options, stands for the run's value of a knob.
    find: reads off a finished run what is right. explanation, formula: what is told afterwards.
    given: curves that are shown with the question, as patterns; shown: those that are shown with the answer, all where none is named.
    bars: of a figure of bars, the names of those that are shown, in this order; all where none is named.
    marked: labels of the markers that are shown with the answer, as patterns, each with a shorter label or none; all where none is named.
    joined: what is drawn with the answer, in place of `figure`, where the answer lies in several figures.
    knobs: what differs from the preset.
    """

    name: str
    title: str
    page: str
    phenomenon: str
    figure: str
    setting: str
    ask: str
    question: Question
    find: Callable[[Snapshot], Found]
    explanation: str
    formula: str
    claims: tuple[str, ...]
    concept: str = ""
    preset: str = "quick"
    knobs: Mapping[str, Any] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    marked: Mapping[str, str] = field(default_factory=dict)
    joined: Joined | None = None

    @property
    def experiment(self) -> tuple[str, str, tuple[tuple[str, Any], ...]]:
        """What tells runs apart: stops that are answered by one run have the same."""
        return self.phenomenon, self.preset, tuple(sorted(self.knobs.items()))

    def feedback(self, answer: Answer, snapshot: Snapshot) -> tuple[Found, Feedback]:
        """Return what a finished run says is right, and how an answer compares with it.

        Raises:
            Undecided: the run does not say.
        """
        found, question = self.find(snapshot), self.question
        if isinstance(question, Choice):
            question = Choice(self.words(snapshot.config)[2])
        return found, question.compare(answer, found)

    def words(self, config: Mapping[str, Any]) -> tuple[str, str, tuple[str, ...]]:
        """Return setting, question and options with the values of knobs in their places."""
        shown = {name: written(value) if _is_number(value) else value for name, value in config.items()}
        options = self.question.options if isinstance(self.question, Choice) else ()
        return self.setting.format(**shown), self.ask.format(**shown), tuple(option.format(**shown) for option in options)

    def fits(self, answer: object) -> bool:
        """Whether something can be an answer here: it may have been read from a file."""
        question = self.question
        if isinstance(question, Sketch):
            return isinstance(answer, tuple) and len(answer) == len(question.at) and all(map(_is_number, answer))
        if isinstance(question, Choice):
            return isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(question.options)
        return _is_number(answer) and question.lo <= answer <= question.hi  # type: ignore[operator]


@dataclass(frozen=True)
class Visit:
    """What became of a stop: how near the answer was, or that it was skipped; the answer, None where there is none."""

    result: Literal["right", "near", "off", "skipped"]
    answer: Answer | None = None


def written(value: float) -> str:
    """Write a number as a sentence of the tour has it: whole ones with separators, others with three significant digits."""
    if not math.isfinite(value):
        return "none"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    if 1000 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def _same_ways(ours: Floats, theirs: Floats) -> tuple[int, int]:
    """Return in how many of its parts a curve goes up or down as the other does, and the parts; where that is flat, none is counted."""
    turns, drawn = np.diff(theirs), np.diff(ours)
    steep = np.abs(turns) > FLAT * max(float(np.ptp(theirs)), 1e-12)
    return int((np.sign(drawn) == np.sign(turns))[steep].sum()), int(steep.sum())


def _spread(found: Found) -> str:
    if not (math.isfinite(found.lo) and math.isfinite(found.hi)):
        return ""
    low, high = written(found.lo), written(found.hi)
    return f" ({low} to {high})" if low != high else ""


def _single(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no single number")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
