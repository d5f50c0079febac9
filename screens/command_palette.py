"""The palette's commands: only those that make sense now, named after what they would do now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from engine.contract import Phase
from screens.application import Application
from screens.base import PhenomenonScreen
from screens.keys import KEYS

PaletteCommand = tuple[str, str, Callable[[], object]]  # what is done, how the key says it, the deed
SPACE_DOES = {
    Phase.READY: "Start", Phase.RUNNING: "Pause", Phase.PAUSED: "Go on", Phase.FINISHED: "Run again", Phase.STOPPED: "Run again",
    Phase.DIVERGED: "Run again", Phase.FAILED: "Run again",
}  # fmt: skip


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


def _run_commands(screen: PhenomenonScreen) -> Iterator[PaletteCommand]:
    if not screen.session.controllable:
        return
    phase = screen.session.latest().phase
    yield f"{SPACE_DOES[phase]} (space)", f"the run is {phase}", screen.action_run_or_pause
    for preset in screen.spec.presets:
        yield f"Begin again with preset {preset.name}", preset.why, partial(screen.begin_preset, preset.name)


def _look_commands(screen: PhenomenonScreen) -> Iterator[PaletteCommand]:
    controllable = screen.session.controllable
    for key in KEYS:
        useless = (key.action == "unpin" and not screen.figures.pinned) or (key.group == "Run" and not controllable)
        if key.palette and not useless:
            yield f"{key.text} ({key.shown})", key.group, partial(screen.app.run_action, key.action, screen)
    for panel in screen.figures.panels:
        yield f"Show {panel.title}", "figure or picture", partial(screen.action_view, panel.index)


class LabCommands(Provider):
    """Gives the palette what `palette_commands` finds."""

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for text, help_text, deed in palette_commands(self.screen, self.app):  # type: ignore[arg-type]
            yield DiscoveryHit(text, deed, help=help_text)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for text, help_text, deed in palette_commands(self.screen, self.app):  # type: ignore[arg-type]
            score = matcher.match(f"{text} {help_text}")
            if score > 0:
                yield Hit(score, matcher.highlight(text), deed, help=help_text)
