"""The tour: a stop asks, an experiment answers, and the prediction is drawn over what it shows. Nothing of it is seen before the answer.

The run is polled as on every other screen, and computes while the person thinks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from engine.contract import LabError, Phase, Reseed, Resume, Rewind, Snapshot
from engine.contract.tour import Answer, Choice, Feedback, Found, Number, Stop, Undecided, Visit
from screens import formatting, tour_figure, tour_keys
from screens.application import Application, Tour
from screens.key_lists import TOUR_KEYS
from screens.keys import Key, bindings
from screens.run_screen import RunScreen
from screens.tour_list import TourList
from screens.widgets import tour_text
from screens.widgets.answer_fields import AnswerField, ChoiceField, NumberAnswerField, SketchField
from screens.widgets.plot_legend import axis_name
from screens.widgets.plot_view import PlotView
from screens.widgets.text_row import TextRow

WIDE = 120  # columns from which words stand beside the figure
ROOMY = 34  # rows from which the answer and its explanation are told at once
LEAST_FIGURE, SMALL_FIGURE = 9, 6  # rows that stay for the figure where words stand below it, the latter on a terminal of few rows
FEW_ROWS = 24


class TourScreen(RunScreen, inherit_bindings=False):
    """The tour at one of its stops.

    Args:
        tour: stops, progress and runs.
        application: what stands around the screen.
        place: the stop to begin with; None for the one that was left.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(TOUR_KEYS))
    DEFAULT_CSS = """
    TourScreen { layout: vertical; }
    TourScreen #body { height: 1fr; layout: vertical; }
    TourScreen #words { height: auto; }
    TourScreen #question, TourScreen .told Static { height: auto; padding: 0 1; }
    TourScreen #field { height: auto; }
    TourScreen #seen { height: 1fr; }
    TourScreen .told { height: auto; scrollbar-size-vertical: 1; }
    TourScreen.-wide #body { layout: horizontal; }
    TourScreen.-wide #words { width: 62; height: 1fr; }
    TourScreen.-wide #question { padding: 1; }
    TourScreen.-wide .told { height: 1fr; padding: 1 0; }
    TourScreen.-wide #seen { width: 1fr; }
    """

    def __init__(self, tour: Tour, application: Application, place: int | None = None) -> None:
        self.tour = tour
        self.place = tour.first() if place is None else place
        self._problem = tour.problem
        super().__init__(*tour.arrive(self.place), application)
        self.stage: tour_keys.Stage = "asking"
        self.answer: Answer | None = None
        self._found: tuple[Found, Feedback] | None = None
        self._undecided = ""
        self._undecided_seeds: tuple[int, ...] = ()  # of the run that gave no answer
        self._prepared = False
        self._title, self._keys = TextRow(id="title"), TextRow(id="keys")
        self._question, self._field_place = Static(id="question"), Vertical(id="field")
        self.field: AnswerField = self._make_field()
        self.figure = PlotView(application.drawing)
        self._told = {True: Static(), False: Static()}  # beside the figure, and below it
        self._scrolls = {beside: VerticalScroll(static, classes="told") for beside, static in self._told.items()}

    @property
    def help_keys(self) -> Sequence[Key]:
        """The keys, with those of the settings."""
        return self.application.tour_keys

    def _key(self, action: str) -> str:
        return next(key.shown for key in self.help_keys if key.action == action)

    @property
    def stop(self) -> Stop:
        """The present stop."""
        return self.tour.stops[self.place]

    def compose(self) -> ComposeResult:
        """Lay out title, question and answer, figure, what is told, and the rows below."""
        yield self._title
        with Container(id="body"):
            with Vertical(id="words"):
                yield self._question
                yield self._field_place
                yield self._scrolls[True]
            with Vertical(id="seen"):
                yield self.figure
                yield self._scrolls[False]
        yield self.message
        yield self._keys

    def on_mount(self) -> None:
        """Ask the first question, and say where progress could not be read."""
        self._ask()
        if self._problem:
            self.say(self._problem)

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for a size."""
        self.set_class(event.size.width >= WIDE, "-wide")
        if self.stage == "answered" and self._roomy:
            self.stage = "explained"
        self.pacing.forget()
        self.call_after_refresh(self._lay_out)

    @property
    def told(self) -> VerticalScroll:
        """What is told after the answer: beside the figure, or below it."""
        return self._scrolls[self._wide]

    @property
    def _wide(self) -> bool:
        return self.size.width >= WIDE

    @property
    def _roomy(self) -> bool:
        return self._wide or self.size.height >= ROOMY

    # ------------------------------------------------------------ what is drawn

    def draw(self, snapshot: Snapshot) -> None:
        """Show what may be seen of the run, and tell what it answers once it is finished."""
        self.snapshot = snapshot
        finished = snapshot.phase is Phase.FINISHED
        if finished and not self._prepared and self.place + 1 < len(self.tour.stops):
            self._prepared = True
            self.tour.prepare(self.place + 1)
        if finished and self.stage == "waiting" and snapshot.seeds != self._undecided_seeds:
            self._compare(snapshot)
        self._lay_out()

    def _lay_out(self) -> None:
        asking, told = self.stage == "asking", self.stage in ("answered", "explained")
        with self.app.batch_update():
            self._question.display = not told or self._wide
            self._field_place.display = asking
            figure = tour_figure.figure_of(self.spec, self.stop)
            self.figure.display = not asking or tour_figure.anything(figure, self.stop, self.snapshot)
            self._say_told(told)
            self._draw_figure()
            self.say_rows()

    def _draw_figure(self) -> None:
        if not self.figure.display:
            return
        figure, field, cursor = tour_figure.figure_of(self.spec, self.stop), self.field, None
        if self.answer is not None:
            drawn = tour_figure.after(figure, self.stop, self.snapshot, self.answer)
        else:
            heights = field.heights if isinstance(field, SketchField) else ()
            cursor = field.question.at[field.marked] if isinstance(field, SketchField) else None
            drawn = tour_figure.before(figure, self.stop, self.snapshot, heights)
        tour_figure.show(self.figure, self.application.drawing, self.snapshot, drawn, cursor)

    def _say_told(self, told: bool) -> None:
        for beside, scroll in self._scrolls.items():
            scroll.display = told and beside is self._wide
        self._scrolls[False].styles.max_height = max(
            3, self.size.height - 3 - (LEAST_FIGURE if self.size.height >= FEW_ROWS else SMALL_FIGURE)
        )
        if not told or self._found is None:
            return
        width = (62 if self._wide else self.size.width) - 3
        parts = [tour_text.answer_text(*self._found, self.snapshot, self.stop, width, self._roomy)]
        if self.stage == "explained":
            explanation = tour_text.explanation_text(self.stop)
            parts = [*parts, Text(), explanation] if self._roomy else [explanation]
        self._told[self._wide].update(Text("\n").join(parts))

    def say_rows(self) -> None:
        """Bring title, sentence and keys up to date."""
        visits = [self.tour.visits[stop.name] for stop in self.tour.stops if stop.name in self.tour.visits]
        self._title.show(tour_text.title_row(self.stop, self.place, len(self.tour.stops), visits, self.size.width))
        self._keys.show(
            tour_keys.key_row(self.stop.question, self.stage, self.place, len(self.tour.stops), self.size.width, self.help_keys)
        )
        self.say_phase()

    def say_phase(self) -> None:
        """Bring the sentence on the run up to date."""
        phase = self.snapshot.phase
        text = Text(self._undecided, "yellow") if self._undecided else Text(self._run_sentence(), "bold red" if _broken(phase) else "dim")
        self.message.show(text, None, phase)

    def _run_sentence(self) -> str:
        snapshot, phase = self.snapshot, self.snapshot.phase
        if _broken(phase):
            again = f"{self._key('again')} runs it again, {self._key('next')} goes on without it"
            return " ".join(_as_sentence(words) for words in (f"The run {phase}: {again}", snapshot.sentence, snapshot.hint) if words)
        if phase is Phase.PAUSED:
            return f"The run is paused; {self._key('again')} lets it go on."
        if phase is Phase.FINISHED:
            return "The run has its answer. What is yours?" if self.stage == "asking" else ""
        how_far = f"{phase}, {formatting.percent(snapshot)}" if phase is Phase.RUNNING else str(phase)
        if self.answer is None:
            return f"The run that answers is {how_far}."
        return f"{tour_text.noted(self.stop, self.answer, snapshot)} {how_far.capitalize()} ..."

    # ------------------------------------------------------------ question and answer

    def _ask(self) -> None:
        """Put the question of the present stop."""
        self.stage, self.answer, self._found, self._undecided, self._prepared = "asking", None, None, "", False
        self._undecided_seeds = ()
        self.message.forget()
        setting, ask, _ = self.stop.words(self.snapshot.config)
        before = tour_text.before_text(self.stop, self.tour.visits.get(self.stop.name), self.snapshot)
        self._question.update(tour_text.question_text(setting, ask).append_text(before))
        self.field = self._make_field()
        self._field_place.remove_children()
        self._field_place.mount(self.field)
        self._lay_out()
        self.field.focus()

    def _make_field(self) -> AnswerField:
        question = self.stop.question
        if isinstance(question, Choice):
            return ChoiceField(self.stop.words(self.snapshot.config)[2])
        if isinstance(question, Number):
            return NumberAnswerField(question)
        return SketchField(question, axis_name(tour_figure.figure_of(self.spec, self.stop).x))

    def on_sketch_field_moved(self) -> None:
        """Draw the handles where they are now."""
        self._draw_figure()

    def on_answer_field_given(self, event: AnswerField.Given) -> None:
        """Take an answer, once, and show what the run says as soon as it says it."""
        if self.stage != "asking":
            return
        self.answer, self.stage = event.answer, "waiting"
        self.message.forget()
        self.told.focus()
        self.draw(self.session.latest())

    def _compare(self, snapshot: Snapshot) -> None:
        if self.answer is None:
            return
        try:
            self._found = self.stop.feedback(self.answer, snapshot)
        except Undecided as error:
            ways = f"{self._key('again')} runs another seed, {self._key('next')} goes on without it"
            self._undecided = f"This run gives no answer: {error.message}. {ways}."
            self._undecided_seeds = snapshot.seeds
            return
        self.stage = "explained" if self._roomy else "answered"
        self.tour.record(self.place, Visit(self._found[1].grade, self.answer))
        if self.tour.problem:
            self.say(self.tour.problem)

    # ------------------------------------------------------------ keys

    def action_advance(self) -> None:
        """Go on to the explanation, then to the next stop."""
        if self.stage == "answered":
            self.stage = "explained"
            self._lay_out()
        elif self.stage == "explained":
            self.action_next()

    def action_next(self) -> None:
        """Go to the next stop; after the last one, show how all went."""
        if self.stage == "asking" and self.stop.name not in self.tour.visits:
            self.tour.record(self.place, Visit("skipped"))
        if self.place + 1 < len(self.tour.stops):
            self.go(self.place + 1)
        else:
            self.say("That was the last stop.")
            self.action_list()

    def action_back(self) -> None:
        """Go to the stop before."""
        if self.place:
            self.go(self.place - 1)

    def action_list(self) -> None:
        """Show all stops."""
        self.application.open_page(TourList(self.tour.stops, self.tour.visits, self.place, self.go))

    def action_again(self) -> None:
        """Run again what failed or gave no answer, or ask again."""
        phase = self.session.latest().phase
        if self._undecided:
            self._undecided = ""
            self.post(Reseed())
        elif _broken(phase):
            self.post(Rewind())
        elif phase is Phase.PAUSED:
            self.post(Resume())
        else:
            self._ask()

    def action_open(self) -> None:
        """Open the phenomenon on its own screen."""
        self.application.open_phenomenon(self.stop.phenomenon)

    def action_store(self) -> None:
        """Store the run of this stop."""
        self.say("storing ...")
        self.run_worker(self._store(self.place), exclusive=True)

    async def _store(self, place: int) -> None:
        try:
            answer = await asyncio.to_thread(self.tour.store, place)
        except LabError as error:
            answer = str(error)
        self.say(answer)

    def go(self, place: int) -> None:
        """Go to a stop."""
        try:
            self.spec, self.session = self.tour.arrive(place)
        except LabError as error:
            self.say(str(error))
            return
        self.place = place
        self.snapshot = self.session.latest()
        self.pacing.forget()
        self._ask()
        self._look()

    def explain_focus(self) -> Text:
        """Return what help says first."""
        return Text.assemble((self.stop.title, "bold"), ": each stop asks first; then an experiment answers. ", _ways(self.tour.stops))


def _broken(phase: Phase) -> bool:
    return phase in (Phase.FAILED, Phase.DIVERGED, Phase.STOPPED)


def _as_sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}" + ("" if words[-1] in ".?!" else ".")


def _ways(stops: Sequence[Stop]) -> str:
    kinds = [type(stop.question) for stop in stops]
    choices, numbers = kinds.count(Choice), kinds.count(Number)
    rest = len(stops) - choices - numbers
    return f"{choices} of {len(stops)} stops let you choose, {numbers} take a number, and in {rest} you draw a curve."
