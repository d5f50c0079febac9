"""The app: home, phenomenon screens and the tour over runs in background threads."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from engine.contract import Command, LabError, Phase, Rewind, Session, SetKnob, Snapshot, Spec
from engine.errors import Exit
from lab.open_runs import OpenRuns
from lab.open_screens import OpenScreens
from lab.open_sweeps import OpenSweeps
from lab.shown_run import ShownRun
from lab.terminal import LabDriver, load_tmux_buffer
from lab.themed_app import ThemedApp
from screens.application import PhenomenonEntry, RunningPhenomenon
from screens.formatting import percent
from screens.home import HomeScreen
from screens.widgets.palette import Theme

if TYPE_CHECKING:
    from screens.base import PhenomenonScreen
    from screens.folder_page import FolderPage
    from screens.tour import TourScreen


NO_SUSPENDING = "ctrl+z does not suspend genlab. Runs go on without it: q, then genlab resume RUN; or genlab run --detach"


def _commands() -> type[Provider]:
    from screens.command_palette import LabCommands

    return LabCommands


class LabApp(ThemedApp, inherit_bindings=False):
    """The lab. Implements `screens.application.Application`.

    Args:
        open_runs: where phenomena and runs come from.
        drawing: what the terminal can show; read from the environment by default.
        first: a phenomenon to open at once, with this preset.
        watched: declaration and session of a run of another process, shown instead of home.
        tour: the stop of the tour to open at once, counted from 0; -1 for the one that was left.

    Attributes:
        where_copied: what became of the text that was copied last, to be said.
        first_sweep: the folder of a sweep to open at once. notice: what is to be said first.
    """

    TITLE = "genlab"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[Any]] = {_commands}
    ALLOW_SELECT = False
    CSS = """
    Screen { background: $background; color: $foreground; }
    * { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    CommandPalette { background: $background; }
    CommandPalette > Vertical { margin-top: 1; width: 76; max-width: 100%; background: $background; }
    CommandPalette #--input, CommandPalette #--input.--list-visible { border: round $primary; padding-left: 1; }
    CommandPalette CommandInput { border: none; height: 1; }
    CommandPalette CommandList { background: $background; border: round $border-blurred; }
    Input > .input--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True),
        Binding("ctrl+l", "redraw", "Draw the screen anew", show=False),
        Binding("q", "leave", "Quit", show=False),
    ]

    def __init__(
        self,
        open_runs: OpenRuns,
        *,
        drawing: Theme | None = None,
        first: tuple[str, str] | None = None,
        watched: tuple[Spec, Session] | None = None,
        tour: int | None = None,
        driver: Any = None,
    ) -> None:
        self.open_runs = open_runs
        super().__init__(driver_class=driver)
        self.sessions: dict[str, Session] = {}
        self.screens = OpenScreens(self)
        self._screens: dict[str, PhenomenonScreen] = {}
        self.shown_run = ShownRun(self)
        self._main_figures = {}
        self.sweeps = OpenSweeps(self, self.shown_run)
        self._tour: TourScreen | None = None
        self._first_stop = tour
        self._settled: set[str] = set()
        self._first = first
        self._leaving = False
        self.first_sweep: Path | None = None
        self.notice = ""
        self._examined = False
        self.where_copied = ""
        self._watched = watched
        self.animation_level = "none"
        self.draw_for(drawing if drawing is not None else Theme.detect())

    # ------------------------------------------------------------ what the terminal gets

    def get_default_screen(self) -> Screen[Any]:
        """Home is below every other screen."""
        return HomeScreen(self)

    def on_mount(self) -> None:
        """Show the run that was asked for, if one was."""
        self.set_interval(1.0, self._settle)
        if self.first_sweep is not None:
            self.sweeps.open(self.first_sweep)
        elif self._watched is not None:
            spec, session = self._watched
            self.show_session(self.open_runs.screen(spec.name), spec, session)
        elif self._first is not None:
            self.open_phenomenon(*self._first)
        elif self._first_stop is not None:
            self.open_tour(self._first_stop)
        if self.notice:
            self.tell(self.notice, bad=True)

    def _settle(self) -> None:
        """Spare the garbage collector what stays: with torch imported, looking through it all holds up a frame by 100 ms."""
        phases = {name: session.latest().phase for name, session in self.sessions.items()}
        loaded = {name for name, phase in phases.items() if phase is not Phase.READY and not phase.preparing}
        if not loaded <= self._settled:
            self._settled |= loaded
            gc.freeze()

    def on_resize(self, event: events.Resize) -> None:
        """Cover everything with one sentence while the terminal is too small."""
        self.screens.cover(event.size)

    def on_key(self, event: events.Key) -> None:
        """Say of the key that suspends other programs that it does not suspend this one."""
        if event.key == "ctrl+z":
            self.tell(NO_SUSPENDING)

    # ------------------------------------------------------------ what screens ask for

    def phenomena(self) -> Sequence[PhenomenonEntry]:
        """Return every phenomenon there is."""
        return self.open_runs.phenomena()

    def examine(self) -> Mapping[str, str]:
        """Return by name why phenomena cannot be opened."""
        found = self.open_runs.examine()
        gc.freeze()  # what was imported stays; looking through it takes a third of the time in which the first screen is made
        self._examined = True
        return found

    def declaration(self, name: str) -> Spec | None:
        """Return what a phenomenon declares once all were examined."""
        return self.open_runs.spec(name) if self._examined else None

    def open_preset(self, name: str, preset: str) -> None:
        """Show a phenomenon's screen and begin with a preset, unless a run computes there."""
        known = self.sessions.get(name)
        self.open_phenomenon(name, preset)
        if known is None:
            return
        if Rewind in known.obeyed and known.latest().phase.over:
            known.post(Rewind(preset))
        else:
            self.tell(f"this run has not ended; to begin again with {preset}: ctrl+p, or k and preset")

    def run_from(self, shown: Snapshot, command: Command) -> None:
        """Begin a new run from the knobs and seeds of a stored one, changed as the command says, and show it; or say why not."""
        try:
            screen = self.shown_run.begin_anew(shown, command)
        except LabError as error:
            self.tell(str(error), bad=True)
            return
        if isinstance(command, SetKnob):
            screen.begin_at(command.name)
        screen.say(f"A new run, from the knobs of {shown.run}, which stays as it is.")

    def open_phenomenon(self, name: str, preset: str = "quick") -> None:
        """Show a phenomenon's screen; start its run if there is none."""
        self.shown_run.give_back()
        try:
            spec = self.open_runs.spec(name)
            kind = self.open_runs.screen(name)
            if name not in self.sessions:
                self.sessions[name] = self.open_runs.begin(name, preset)
        except LabError as error:
            self.tell(str(error), bad=True)
            return
        self.show_session(kind, spec, self.sessions[name])

    def when_drawn(self, begin: Callable[[], None]) -> None:
        """Do something once the screen that is being opened has been drawn."""
        self.call_later(lambda: self.call_after_refresh(begin))

    def show_session(self, kind: type[PhenomenonScreen], spec: Spec, session: Session) -> PhenomenonScreen:
        """Show a run on the screen of its phenomenon, and return that."""
        self.sessions[spec.name] = session
        if spec.name not in self._screens:
            screen = kind(spec, session, self)
            self._screens[spec.name] = screen
            self.install_screen(screen, spec.name)
        self.screens.show(self._screens[spec.name])
        return self._screens[spec.name]

    def put_aside(self, name: str) -> PhenomenonScreen | None:
        """Take away the screen and the run of a phenomenon, for `put_back`; the run goes on."""
        self.sessions.pop(name, None)
        screen = self._screens.pop(name, None)
        if screen is not None:
            if screen in self.screens.stack:
                self.screens.home()
            self.uninstall_screen(screen)
        return screen

    def put_back(self, name: str, session: Session | None, screen: PhenomenonScreen | None) -> None:
        """Let a phenomenon have a screen and a run again."""
        if session is not None and screen is not None:
            self.sessions[name], self._screens[name] = session, screen
            self.install_screen(screen, name)

    def offer_sweeps(self) -> None:
        """Ask which stored sweep is to be opened."""
        self.sweeps.offer()

    def open_tour(self, place: int = -1) -> None:
        """Show the tour; at a stop by its place, or (-1) where it was left."""
        from screens.tour import TourScreen

        try:
            if self._tour is None:
                self._tour = TourScreen(self.open_runs.tour(), self, None if place < 0 else place)
                self.install_screen(self._tour, "the tour")
        except LabError as error:
            self.tell(str(error), bad=True)
            return
        self.screens.show(self._tour)

    def open_page(self, page: Screen[None]) -> None:
        """Open a page over the present screen, unless that is a page or covered."""
        self.screens.open(page)

    def running(self) -> Sequence[RunningPhenomenon]:
        """Return what computes right now."""
        latest = {name: session.latest() for name, session in self.sessions.items()}
        return [RunningPhenomenon(name, percent(item)) for name, item in latest.items() if item.phase is Phase.RUNNING]

    def latest(self, name: str) -> Snapshot | None:
        """Return the present snapshot of a phenomenon that was opened."""
        return self.sessions[name].latest() if name in self.sessions else None

    def copy_to_clipboard(self, text: str) -> None:
        """Send a text to the terminal, which may or may not copy it, and to the tmux around."""
        super().copy_to_clipboard(text)
        self.where_copied = "Copied to tmux's buffer" if load_tmux_buffer(text) else "Sent to the terminal"

    def estimate(self, name: str, config: Mapping[str, Any], seeds: int) -> str:
        """Say how long a run takes here, as far as its work is declared and this machine was measured."""
        from engine.estimates import sentence

        return sentence(self.open_runs.spec(name), config, seeds)

    # ------------------------------------------------------------ keys of every screen

    def action_home(self) -> None:
        """Go home; runs go on. What is not stored of them is said there. From a run that was opened in a list, back to that."""
        if self.shown_run.back():
            return
        self.screens.home()
        unstored = [run for session in self.sessions.values() if (run := session.latest()).unstored and session.controllable]
        if unstored:
            self.tell(f"{unstored[0].run} is {unstored[0].unstored} Open it, and e chooses another folder.", bad=True)

    def action_browse(self) -> None:
        """Open the run browser."""
        self.offer_runs()

    def action_open_sweeps(self) -> None:
        """Ask which stored sweep is to be opened."""
        self.offer_sweeps()

    def action_open_tour(self) -> None:
        """Show the tour where it was left."""
        self.open_tour()

    def action_compare(self) -> None:
        """Open the run browser to compare runs, on those of the present phenomenon."""
        self.offer_comparison(next((name for name, screen in self._screens.items() if screen is self.screen), ""))

    def action_help(self) -> None:
        """Show the keys and what is selected."""
        from screens.help import PALETTE_KEY, HelpScreen

        explain = getattr(self.screen, "explain_focus", None)
        keys = getattr(self.screen, "help_keys", None) or ((*self.keys, PALETTE_KEY) if explain else self.home_keys)
        self.screens.open(HelpScreen(explain() if explain else None, keys))

    def action_command_palette(self) -> None:
        """Open the palette."""
        from screens.command_palette import Palette

        self.screens.open(Palette(placeholder="What to do?"))

    def action_redraw(self) -> None:
        """Write every cell again, after another program wrote on the terminal."""
        if isinstance(self._driver, LabDriver):
            self._driver.diff.forget()
        self.screen.refresh(layout=True)

    def action_leave(self) -> None:
        """Quit; runs are saved before, and another folder is offered for those that cannot be. A second time, quit at once."""
        if self._leaving:
            self._quit()
            return
        self._leaving = True
        self.run_worker(self._leave(), exclusive=True)

    async def _leave(self) -> None:
        unstored = await asyncio.to_thread(self.open_runs.settle)
        if not unstored or not self.screens.ask(self._folder_page(unstored, leave=self._quit, stay=self._stay)):
            self._quit()

    def _quit(self) -> None:
        self.exit(int(Exit.DONE))

    def _stay(self) -> None:
        self._leaving = False
        self.open_runs.go_on()

    def offer_folder(self, name: str) -> None:
        """Ask for another folder for the run of a phenomenon, which is not stored."""
        self.screens.open(self._folder_page([self.sessions[name].latest()]))

    def _folder_page(self, unstored: Sequence[Snapshot], **then: Callable[[], None]) -> FolderPage:
        from screens.folder_page import FolderPage

        return FolderPage(unstored, partial(self.open_runs.store, runs=[run.run for run in unstored]), **then)

    def action_interrupt(self) -> None:
        """Quit as after ctrl+c."""
        self.exit(int(Exit.INTERRUPTED))

    def interrupt_from_outside(self) -> None:
        """Quit after a signal; safe to call from a signal handler."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.action_interrupt)

    # ------------------------------------------------------------ defects

    def tell(self, sentence: str, bad: bool = False) -> None:
        """Show a sentence on the present screen, or on the one below a page that says nothing itself; bad: that something failed."""
        from screens.run_list_page import RunListPage
        from screens.run_screen import RunScreen

        speaking = [screen for screen in self.screens.stack if isinstance(screen, HomeScreen | RunScreen | RunListPage)]
        if speaking:
            speaking[-1].say(sentence, bad)

    def begin_anew(self, sentence: str) -> bool:
        """Go home and forget the screens that were open, which are made anew when asked for; false where that is home already."""
        failed = self.screens.stack[1:]
        self.screens.home()
        for name, screen in list(self._screens.items()):
            if screen in failed:
                self.uninstall_screen(screen)
                del self._screens[name]
        if self._tour in failed:
            self.uninstall_screen(self._tour)
            self._tour = None
        self.tell(sentence, bad=True)
        return bool(failed)

    def report_folders(self) -> Sequence[Path]:
        """The folder of the run that is shown, then the folder of the runs."""
        shown = [session.latest().folder for name, session in self.sessions.items() if self._screens.get(name) in self.screens.stack]
        return [*(Path(folder) for folder in shown if folder), self.open_runs.folder()]

    def circumstances(self) -> Mapping[str, str]:
        """The open screens and the size of the terminal."""
        names = ", ".join(f"{type(screen).__name__} {screen.name or ''}".strip() for screen in self.screens.stack)
        return {"screens": names, "size": f"{self.size.width}x{self.size.height}"}
