"""The palette's commands: only those that make sense now, named after what they would do now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.command import Command, CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.message import Message
from textual.widgets import Input, LoadingIndicator, OptionList

from engine.contract import Pause, Phase, Preset, Rewind, Spec, Start, Stop
from screens.application import Application
from screens.base import PhenomenonScreen
from screens.page import Page
from screens.topics import topics
from screens.tour import TourScreen

PATIENCE, LOOK = 10.0, 0.05  # seconds to wait for the presets, and from one look for them to the next
NAMED = 100.0  # more in score for what has all the words in its name, before what has them in its description alone
CALLED = 50.0  # score of what the field calls so
ABOUT, LATER = 0.5, 0.1  # score of what the words are about, after all that has them in its name (1 or more); how much less a rank has
PaletteCommand = tuple[str, str, Callable[[], object]]  # what is done, how the key says it, the deed
SPACE_DOES = {
    Phase.READY: "Start", Phase.LOADING: "Pause", Phase.BUILDING: "Pause", Phase.RUNNING: "Pause", Phase.PAUSED: "Go on",
    Phase.FINISHED: "Run again", Phase.STOPPED: "Run again", Phase.DIVERGED: "Run again", Phase.FAILED: "Run again",
}  # fmt: skip


def _tour_commands(screen: object, application: Application) -> Iterator[PaletteCommand]:
    if isinstance(screen, TourScreen):
        for key in screen.help_keys:
            if key.palette:
                yield f"{key.text} ({key.shown})", f"the tour: {key.group}", partial(screen.app.run_action, key.action, screen)
    else:
        yield f"The tour ({_on_home(application, 'tour')} on home)", "questions that experiments answer", application.open_tour


def _on_home(application: Application, action: str) -> str:
    return next(key.shown for key in application.home_keys if key.id == action)


def palette_commands(screen: object, application: Application) -> Iterator[PaletteCommand]:
    """Yield the commands of the present screen and state."""
    present = ""
    if isinstance(screen, PhenomenonScreen):
        present = screen.spec.name
        yield from _run_commands(screen)
        yield from _look_commands(screen)
    for entry in application.phenomena():
        if entry.name != present and not entry.problem:
            yield f"Open {entry.title}", entry.question, partial(application.open_phenomenon, entry.name)
    yield from _tour_commands(screen, application)
    browse, compare, sweeps = (_on_home(application, action) for action in ("browse", "compare", "sweeps"))
    yield f"Runs: browse, resume, delete ({browse})", "stored and running runs of every process: genlab runs", application.offer_runs
    if not isinstance(screen, PhenomenonScreen):  # it has the key among its own
        yield f"Compare stored runs ({compare})", "mark them in a list: genlab compare RUN RUN", application.offer_comparison
    yield f"Open a sweep ({sweeps} on home)", "grids of knob values: genlab sweep", application.offer_sweeps
    yield "Import data", "a file of your own, under a name that knobs take: genlab data import", application.offer_import


def preset_commands(screen: object, application: Application) -> Iterator[PaletteCommand]:
    """Yield, where no run is shown, every phenomenon's presets but the first, with which a digit opens it; words find studies by them."""
    for spec in () if isinstance(screen, PhenomenonScreen) else _declared(application):
        for preset in spec.presets[1:]:
            deed = partial(application.open_preset, spec.name, preset.name)
            yield f"Open {spec.title}: {preset.name}", preset_words(spec, preset, application), deed


def topic_commands(screen: object, application: Application, words: Sequence[str]) -> Iterator[tuple[int, PaletteCommand]]:
    """Yield presets of the phenomena that are not shown in whose figures, claims, notes or further words these stand, with the rank."""
    present = screen.spec.name if isinstance(screen, PhenomenonScreen) else ""
    for spec in _declared(application):
        for topic in topics(spec, words) if spec.name != present else ():
            name = "" if topic.preset == spec.presets[0].name else f": {topic.preset}"
            yield topic.rank, (f"Open {spec.title}{name}", topic.what, partial(application.open_preset, spec.name, topic.preset))


def preset_words(spec: Spec, preset: Preset, application: Application) -> str:
    """Say what a preset is for, and what it needs or how long it takes here."""
    if preset.needs:
        return f"{preset.why}; needs {preset.needs}"
    time = application.estimate(spec.name, spec.configure(preset.name).values(), preset.seeds)
    return f"{preset.why}. {time}" if time else preset.why


def _declared(application: Application) -> Iterator[Spec]:
    """Yield the declarations of the phenomena that can be opened, as far as they are known yet."""
    for entry in application.phenomena():
        spec = None if entry.problem else application.declaration(entry.name)
        if spec is not None:
            yield spec


def _run_commands(screen: PhenomenonScreen) -> Iterator[PaletteCommand]:
    phase, obeyed = screen.session.latest().phase, screen.obeyed
    if Start in obeyed or (Pause in obeyed and (phase.working or phase is Phase.PAUSED)):
        yield f"{SPACE_DOES[phase]} (space)", f"the run is {phase}", screen.action_run_or_pause
    if Stop in obeyed and Start not in obeyed:
        yield "Stop the run; its state is saved (S)", f"the run is {phase}", screen.action_stop
    if Rewind not in obeyed:
        return
    for preset in screen.spec.presets:
        words = preset_words(screen.spec, preset, screen.application)
        yield f"Begin again with preset {preset.name}", words, partial(screen.begin_preset, preset.name)


def _look_commands(screen: PhenomenonScreen) -> Iterator[PaletteCommand]:
    controllable = screen.session.controllable
    for key in screen.application.keys:
        useless = (key.action == "unpin" and not screen.figures.pinned) or (key.group == "Run" and not controllable)
        if key.palette and not useless:
            yield f"{key.text} ({key.shown})", key.group, partial(screen.app.run_action, key.action, screen)
    for panel in screen.figures.panels:
        yield f"Show {panel.title}", "figure or picture", partial(screen.action_view, panel.index)


class LabCommands(Provider):
    """Gives the palette what `palette_commands` and the others find."""

    _opening: tuple[PaletteCommand, ...] = ()

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for text, help_text, deed in (*palette_commands(self.screen, self._lab), *await self._presets()):
            yield DiscoveryHit(Content(text), deed, help=_literal(help_text))

    async def search(self, query: str) -> Hits:
        """Offer what has every word that was typed, then what is about them; where nothing is, what has the letters in that order.

        Presets come as soon as they are known, which takes a moment after the app has begun.
        """
        matcher, words, found = self.matcher(query), words_of(query), set()
        here = tuple(palette_commands(self.screen, self._lab))
        for hit in _matching(matcher, here, words):
            found.add(hit.text)
            yield hit
        await self._presets_known()
        presets = await self._presets()
        about = list(topic_commands(self.screen, self._lab, words))
        for hit in (*_about(about, True), *_matching(matcher, presets, words), *_about(about, False)):
            if hit.text not in found:
                found.add(hit.text)
                yield hit
        for hit in () if found else _matching(matcher, (*here, *presets)):
            yield hit

    @property
    def _lab(self) -> Application:
        return cast(Application, self.app)

    async def _presets(self) -> tuple[PaletteCommand, ...]:
        """Return the commands for presets, made once: how long each takes here is worked out for all of them."""
        if not self._opening:
            made = []
            for command in preset_commands(self.screen, self._lab):
                made.append(command)
                await asyncio.sleep(0)
            self._opening = tuple(made)
        return self._opening

    async def _presets_known(self) -> None:
        until = time.monotonic() + PATIENCE
        while not isinstance(self.screen, PhenomenonScreen) and time.monotonic() < until and not any(_declared(self._lab)):
            await asyncio.sleep(LOOK)


def words_of(query: str) -> list[str]:
    """Return what was typed as words in small letters, parted by blanks or hyphens: texts have the one or the other."""
    return query.lower().replace("-", " ").split()


def _matching(matcher: Matcher, commands: Iterable[PaletteCommand], words: Sequence[str] = ()) -> Iterator[Hit]:
    """Yield the commands that have all the words, or where none are asked for, those that the matcher takes."""
    for text, help_text, deed in commands:
        whole = f"{text} {help_text}"
        score = matcher.match(whole)
        if words:
            named = all(word in text.lower().replace("-", " ") for word in words)
            score = max(score, 1.0) + NAMED * named if all(word in whole.lower() for word in words) else 0.0
        if score > 0:
            yield Hit(score, _highlighted(matcher, text), deed, help=_literal(help_text))


def _about(topics: Iterable[tuple[int, PaletteCommand]], first: bool) -> Iterator[Hit]:
    """Yield what the words are about: first where the field calls it so, then where figures, claims, papers or notes have them."""
    for rank, (text, help_text, deed) in topics:
        if (rank == 0) == first:
            yield Hit(CALLED if first else ABOUT - LATER * (rank - 1), Content(text), deed, help=_literal(help_text))


def _literal(text: str) -> str:
    """A text in whose brackets Textual finds no markup: it takes content as it is, although it declares a string."""
    return cast(str, Content(text))


def _highlighted(matcher: Matcher, text: str) -> Content:
    """A command with the letters that match; one with brackets, which Textual would read as its markup, as it is."""
    return Content(text) if "[" in text else matcher.highlight(text)


class FoundCommands(CommandList):
    """The commands that were found, when the list was changed and is not drawn anew yet: `OptionList` would look up what is not there."""

    def on_click(self, event: events.Click) -> None:
        """Choose nothing where a command was drawn that is no longer listed."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def action_page_up(self) -> None:
        """Turn to the page before, once there are pages."""
        with suppress(LookupError):
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """Turn to the next page, once there are pages."""
        with suppress(LookupError):
            super().action_page_down()  # type: ignore[no-untyped-call]


class Palette(Page, CommandPalette):
    """The palette. What reaches it after it was closed, such as a second return, chooses nothing more.

    A return that comes before what was typed has been looked up chooses the first of what is found then.
    """

    _listed, _awaited = True, False  # whether the list belongs to the words that stand there; whether a return waits for that
    _unsearched = False  # whether it was covered before it began to search

    def compose(self) -> ComposeResult:
        """Lay out as `CommandPalette` does, whose styles and methods look for these names; without its icon, the text cursor steady."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                words = CommandInput(placeholder=self._placeholder, select_on_focus=False)
                words.cursor_blink = False
                yield words
            with Vertical(id="--results"):
                yield FoundCommands()
                yield LoadingIndicator()

    def on_mount(self, event: events.Mount) -> None:
        """Do not begin to search if it was closed before it stood, nor while a terminal too small covers it."""
        self._unsearched = not self.is_topmost
        self._unless_closed(event)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Begin the search that had to wait, and give the list its height anew: it has none if it was filled while covered."""
        if self._unsearched and self.is_topmost:
            self._unsearched = False
            self._on_mount(events.Mount())
        self.call_after_refresh(self.query_one(CommandList).refresh, layout=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search only while open."""
        self._listed, self._awaited = False, False
        self._unless_closed(event)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Choose only while open, and of what belongs to the words."""
        self._unless_closed(event)
        if not self._listed and event.value.strip():
            self._awaited = True
            event.stop()
            event.prevent_default()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do a command only while open: the first return has closed the palette."""
        self._unless_closed(event)

    def _refresh_command_list(self, command_list: CommandList, commands: list[Command], clear_current: bool) -> None:
        """List what was found, and do the return that waited for it."""
        super()._refresh_command_list(command_list, commands, clear_current)
        self._listed = True
        if self._awaited:
            self._awaited = False
            self.call_later(self._choose)

    def _choose(self) -> None:
        if self.is_topmost:
            self._select_or_command()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette if it is open, and end its search."""
        self._cancel_gather_commands()
        return super().dismiss(result)

    def _unless_closed(self, message: Message) -> None:
        """Keep a message from what `CommandPalette` does with it, if this one is closed or covered."""
        if not self.is_topmost:
            message.stop()
            message.prevent_default()
