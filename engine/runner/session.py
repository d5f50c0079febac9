"""`Runner`: a run in this process as the rest of genlab sees it: commands in, snapshots out, one background thread between."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine import leaving, registry
from engine.config import Config, build
from engine.contract import COMMANDS, Phase, Snapshot, Spec, Start, Step
from engine.cores import default_threads, no_thread
from engine.errors import Exit, KnobError, StoreError
from engine.phenomenon import AnyPhenomenon
from engine.runner.building import loading
from engine.runner.control import Control
from engine.runner.kept import Kept
from engine.runner.loop import work
from engine.runner.mailbox import Close, Keep, Message, Save
from engine.runner.options import Options
from engine.runner.phase_message import PhaseMessage
from engine.runner.setup import Setup, checked, preset_of
from engine.store import RunFolder, called, runs_root

OnMeasure = Callable[[int, dict[str, Any]], None]


class Runner:
    """One experiment on one background thread; a `contract.Session` that obeys commands.

    Nothing is built and neither torch nor scipy is imported before the first `start`; then in the thread.

    Args:
        name: a phenomenon's name, or its class.
        config: its knobs.
        preset: the preset that the knobs equal, or "custom".
        seeds: one per ensemble replica, each in 0..2^31-1.
        device: "auto", "cpu" or "cuda".
        threads: of torch; by default one core is left to the interface.
        root: the folder of runs to store under; None stores nothing.
        resume: a folder opened for writing whose run is to be continued.
        on_measure: called in the thread after every measurement with its step and values.
        typed: the command that a person typed, for the manifest.
        store_after: seconds of work after which the run is worth a folder under `root`; 0 makes it at once. A run that is finished
            when the runner is closed gets one in any case.
        insist: whether a run that is to have a folder at once fails without it; else it is told, and tried again.
        company: how many runs share a thread, see `engine.runner.together`.
        watched: whether somebody looks at the curves of `latest()` while it runs; else they are those that its folder holds, or none.

    Raises:
        UsageError: unknown phenomenon, or a seed out of range.
    """

    controllable = True
    obeyed = COMMANDS
    refusal = ""

    def __init__(
        self,
        name: str | type[AnyPhenomenon],
        config: Config,
        preset: str,
        seeds: tuple[int, ...],
        *,
        device: str = "cpu",
        threads: int | None = None,
        root: Path | None = None,
        resume: RunFolder | None = None,
        on_measure: OnMeasure | None = None,
        typed: str = "",
        store_after: float = 0.0,
        insist: bool = True,
        company: int = 1,
        watched: bool = True,
    ) -> None:
        spec = registry.spec(name) if isinstance(name, str) else name.spec
        load = partial(registry.load, name) if isinstance(name, str) else lambda: name
        setup = Setup(spec, config, preset, checked(tuple(seeds)))
        options = Options(
            device, default_threads() if threads is None else threads, root, on_measure, typed, store_after, insist, company, watched
        )  # fmt: skip
        self._control = Control(load, setup, options, resume)
        self._mailbox = self._control.mailbox
        self._thread: threading.Thread | None = None
        self._beginning = threading.RLock()  # commands come from several threads and from signals; one of them begins the run's own
        self._closed = False

    @property
    def error(self) -> BaseException | None:
        """The exception that ended or last disturbed the run, with its traceback, for --debug."""
        return self._mailbox.error

    @property
    def control(self) -> Control:
        """The run itself, for whoever works it in a thread of his own instead of starting it here."""
        return self._control

    def expect(self) -> None:
        """Show that a start will follow, which whoever shows the run puts off until that stands."""
        self._control.remark(PhaseMessage(Phase.LOADING, loading(self._control.setup)))

    def start(self) -> None:
        """Begin (or go on from a pause, or begin again after the end)."""
        self.post(Start())

    def latest(self) -> Snapshot:
        """Return the present snapshot; cheap, never blocks on training."""
        return self._mailbox.latest

    def post(self, command: Message) -> None:
        """Queue a command and return at once; after `close` it has no effect.

        Raises:
            LabError: the system starts no further thread.
        """
        if self._closed:
            return
        self._mailbox.post(command)
        with self._beginning:
            if self._thread is None and not self._closed:
                if isinstance(command, Start | Step):
                    self.expect()  # from the first moment on
                self._begin_thread()

    def _begin_thread(self) -> None:
        thread = threading.Thread(target=work, args=(self._control,), name="genlab run", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            self._closed = True
            self._control.fail(no_thread())
            self._control.leave()
            self._mailbox.close()
            raise no_thread() from error
        self._thread = thread
        leaving.watch(thread)
        atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        """Save at the interpreter's end; a thread that is still inside native code then would crash with it."""
        if not self.close():
            leaving.leave_now(Exit.INTERRUPTED)

    def save(self, root: Path | None = None) -> None:
        """Store a run that was not stored so far, or move one that its disk refuses, under `root` or the usual place.

        When it is done, `latest()` has a folder and nothing `unstored`; where it could not be, its sentence says why.
        """
        self.post(Save(root if root is not None else runs_root()))

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every command is obeyed and the run is over and stored; False after `timeout` seconds. A pause is no end."""
        return self._mailbox.join(timeout)

    def keep(self) -> None:
        """Hold, and store everything as `close` will, so that `latest().unstored` tells before whether that works; `Resume` goes on."""
        self.post(Keep())

    def settled(self, timeout: float | None = None) -> bool:
        """Wait until every command is obeyed, whatever the run does then; False after `timeout` seconds."""
        return self._mailbox.join(timeout, over=False)

    def close(self, timeout: float = 2.0) -> bool:
        """Stop, save the state, give the folder back and end the thread; whether that took less than `timeout` seconds."""
        with self._beginning:
            self._closed = True
            if self._thread is None:
                self._control.leave()
                self._mailbox.close()
                return True
        self._mailbox.post(Close())
        self._thread.join(timeout)
        if self._thread.is_alive():
            return False
        atexit.unregister(self._at_exit)  # not before: while the thread lives, the interpreter's end must not come
        return True

    def kept(self) -> Kept:
        """Return what of the run is on the disk; after `close`, whether that took too long or not."""
        run = self._control.run
        return Kept(self.latest(), run.writer.found() if run else None, self._thread is not None and self._thread.is_alive())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the problem and its solution of a run that is over; empty before that or after an error."""
        run = self._control.run
        finished = self.latest().phase in (Phase.FINISHED, Phase.STOPPED)
        return run.phenomenon.arrays() if run is not None and finished else {}


def resume(
    path: Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    phenomenon: type[AnyPhenomenon] | None = None,
    on_measure: OnMeasure | None = None,
    typed: str = "",
    company: int = 1,
    watched: bool = True,
) -> Runner:
    """Return a runner that continues a stored run bit for bit, on its own device and with its own number of threads.

    Args:
        path: the run's folder.
        overrides: knobs given on the command line; they may repeat the stored values and nothing else.
        phenomenon: its class, where the registry does not know it.
        on_measure, typed, company, watched: as of `Runner`.

    Raises:
        StoreError: missing, damaged, finished, diverged, or written by another process.
        KnobError: an override differs from the stored run's value.
        UsageError: the phenomenon no longer exists.
    """
    folder = RunFolder.open(path, writable=True)
    try:
        manifest = folder.manifest
        spec = phenomenon.spec if phenomenon else registry.spec(manifest.phenomenon)
        _require_unfinished(folder)
        config = _stored_config(spec, folder)
        _refuse_changes(folder.name, config, overrides or {})
        preset = preset_of(spec, config, manifest.preset)
        return Runner(
            phenomenon or spec.name, config, preset, manifest.seeds, device=manifest.device, threads=manifest.threads,
            root=path.parent, resume=folder, on_measure=on_measure, typed=typed, company=company, watched=watched,
        )  # fmt: skip
    except BaseException:
        folder.close()
        raise


def _stored_config(spec: Spec, folder: RunFolder) -> Config:
    """The knobs as they were at the last state: live ones may have been turned since the run began."""
    saved = folder.load_state()
    try:
        return build(spec.config, saved[1].config if saved else folder.manifest.config)
    except KnobError as error:
        sentence = f"run {folder.name} does not fit this genlab: {error.message}"
        raise StoreError(sentence, "continue it with the version that wrote it") from error


def _require_unfinished(folder: RunFolder) -> None:
    try:
        progress = folder.load_progress()
    except StoreError:
        return  # how far it was, its state says
    if progress.phase in (Phase.FINISHED, Phase.DIVERGED) and not folder.whole():
        return  # its results are missing or damaged, and are made anew
    if progress.phase is Phase.FINISHED:
        hint = f"see it with genlab show {called(folder.path)}"
        raise StoreError(f"run {folder.name} is finished, so there is nothing to continue", hint)
    if progress.phase is Phase.DIVERGED:
        sentence = f"run {folder.name} diverged and would again: {progress.sentence}"
        raise StoreError(sentence, progress.hint or "start it anew with other knobs: genlab run")


def _refuse_changes(name: str, config: Config, overrides: Mapping[str, Any]) -> None:
    for knob, given in overrides.items():
        item = config.knob(knob)
        asked, stored = item.parse(given), getattr(config, item.name)
        if asked != stored:
            sentence = f"a resumed run keeps its knobs: {item.label} of {name} is {item.format(stored)}, got {item.format(asked)}"
            raise KnobError(sentence, f"leave {item.option} out, or start a new run with genlab run")
