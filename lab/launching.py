"""The way of the app into a terminal and out of it again, whatever ends it."""

from __future__ import annotations

import atexit
import gc
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.contract import Session, Spec
from engine.errors import DefectError, Exit, UsageError
from engine.leaving import leave_now
from lab.app import LabApp
from lab.open_runs import BackgroundRuns, OpenRuns
from lab.output import ascii_only, say
from lab.settings import Settings
from lab.terminal import Guard, LabDriver, is_terminal
from lab.terminal_background import BackgroundQuestion, said_by
from screens.background import unfinished
from screens.widgets.palette import Theme

DEFECT_HINT = "This is a defect of genlab; add --debug to see where."


def launch(
    settings: Settings | None = None,
    question: BackgroundQuestion | None = None,
    name: str | None = None,
    preset: str | None = None,
    *,
    watch: Path | None = None,
    sweep: Path | None = None,
    tour: int | None = None,
    runs: Path | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> int:
    """Open the app in this terminal and return the exit code.

    settings: the person's; without any, the defaults. question: how the terminal was asked for its background, if it was.

    Raises:
        UsageError: this is no terminal, or no such phenomenon.
        LabError: the watched run cannot be read.
        DefectError: a defect that came again and again ended the app; runs are saved and the terminal is restored before it is raised.
    """
    if not is_terminal():
        raise UsageError("the app needs a terminal, and this is none", f"Without one: genlab run {name or 'NAME'}")
    for variable in ("COLUMNS", "LINES"):  # Textual would lay out by them, then by the terminal that disagrees, and so on without end
        os.environ.pop(variable, None)
    open_runs = BackgroundRuns(device=device, threads=threads, root=runs)
    app = LabApp(
        open_runs,
        drawing=_drawing(settings, question),
        first=(name, preset or "quick") if name else None,
        watched=_watched(open_runs, watch) if watch else None,
        tour=tour,
        driver=LabDriver,
    )
    app.first_sweep = sweep
    if settings is not None:
        app.use_keys(settings.keys)
        app.notice = str(settings.problem or "")
    if question is not None:
        app.typed_ahead, app.follows = question.typed, not question.answered
    open_runs.when_drawn = app.when_drawn
    code: int | None = None
    with Guard(app.interrupt_from_outside, open_runs.close) as guard:
        try:
            code = app.run()
        finally:
            sentences = open_runs.close()
            with suppress(OSError):  # after SIGHUP there is nobody to tell
                say(*sentences, *app.defects.farewell)
    if app.ended_by is not None:
        what = f"{type(app.ended_by).__name__}: {app.ended_by}".rstrip(": ")
        raise DefectError(f"unexpected {what}: it came again and again, so the app ended", DEFECT_HINT) from app.ended_by
    code = int(Exit.RUN_FAILED if open_runs.unstored else Exit.INTERRUPTED if guard.interrupted else code or Exit.DONE)
    if unfinished():
        atexit._run_exitfuncs()  # such as the removal of a half written export
    if open_runs.stuck or unfinished():  # leaving in the ordinary way could wait for the stuck thread, or crash with it
        leave_now(code)
    gc.freeze()  # the system takes everything back at once; the interpreter would look for what can be given back first
    return code


def _drawing(settings: Settings | None, question: BackgroundQuestion | None) -> Theme:
    """What the terminal can show, in the theme for its background, or in the theme that was set, which brings its own."""
    wanted, density = (settings.theme, settings.density) if settings else ("auto", "normal")
    said = said_by(os.environ)
    if question is not None:
        said = question.dark()
        question.close()
    dark = wanted == "dark" or (wanted == "auto" and said is not False)  # most terminals that say nothing are dark
    return replace(Theme.detect(dark=dark), ascii=ascii_only(), painted=wanted != "auto", density=density)


def _watched(open_runs: OpenRuns, path: Path) -> tuple[Spec, Session]:
    """Return declaration and session of a run folder that another process writes."""
    from engine.runner import FolderSession

    session = FolderSession(path)
    return open_runs.spec(session.latest().phenomenon), session
