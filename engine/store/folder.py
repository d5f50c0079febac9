"""The folder of one run: made once and never overwritten, written by one process, read by any.

What survives `kill -9`: every measured line (in the system's hands at once), and the last saved state with exactly the
lines that belong to it, because the state's file carries their number and is replaced in one move.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Phase, Snapshot
from engine.errors import StoreError
from engine.state import State
from engine.store import snapshots
from engine.store.archives import archive, read_archive
from engine.store.files import damaged, printable, read_bytes, read_json, replace, there, told, write_json
from engine.store.lock import Lock, holder, is_held
from engine.store.making import LOCK, make_locked
from engine.store.manifest import Manifest
from engine.store.metrics import Metrics, too_short
from engine.store.place import called
from engine.store.requests import REQUEST, Request, Requests, ask, refusal
from engine.store.strict_json import dumps, loads, plain
from engine.store.typed import typed

MANIFEST, METRICS, ARRAYS, RESULT = "manifest.json", "metrics.jsonl", "arrays.npz", "result.json"
STATE, PROGRESS, LATEST, CRASH = "state.safetensors", "state.json", "latest.npz", "crash.txt"
LOG = "log.txt"  # what a detached run said
DEFECT = "defect.txt"  # what went wrong in the interface while the run was on the screen; beside the runs where none was
EXPORTED = ("figures.txt", "figures.json")  # written beside a run by the app
FILES = (MANIFEST, METRICS, ARRAYS, RESULT, STATE, PROGRESS, LATEST, LOCK, CRASH, LOG, DEFECT, REQUEST, *EXPORTED)

PREPARING = tuple(phase for phase in Phase if phase.preparing)

Record = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """A line of metrics: the record of a step, or which knob was turned to what while the run went on."""

    step: int
    values: Mapping[str, Any]
    knob: str | None = None


@dataclass(frozen=True)
class Position:
    """Where a saved state stands: its step, the lines of metrics before it and their checksum, the knobs as they were, seconds of work."""

    step: int
    lines: int
    config: dict[str, Any]
    elapsed: float = 0.0
    checksum: int | None = None


@dataclass(frozen=True)
class Progress:
    """How far a run is, for people and listings. `sentence` and `hint` as on the screen."""

    phase: Phase
    sentence: str = ""
    hint: str = ""
    step: int = 0
    total: int | None = None


class RunFolder:
    """One run on disk. Use `create` or `open`; close what you write.

    Raises:
        StoreError: every method that writes, when the disk refuses; what was there is untouched. Every method that reads, when
            a file is missing, unreadable or damaged.
    """

    def __init__(self, path: Path, manifest: Manifest, lock: Lock | None) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock
        self._metrics = Metrics(path / METRICS)
        self._requests = Requests(path, lock.token) if lock else None

    @classmethod
    def create(cls, root: Path, manifest: Manifest) -> RunFolder:
        """Make a new folder under `root`, named after the run, with a number behind it where the name is taken.

        Raises:
            StoreError: the place is not writable or full.
        """
        path, lock = make_locked(root, manifest.base, lambda beside: manifest.write(beside / MANIFEST))
        return cls(path, manifest, lock)

    @classmethod
    def open(cls, path: Path, writable: bool = False) -> RunFolder:
        """Open an existing run; `writable` takes the right to write.

        Raises:
            StoreError: missing, foreign, damaged, of another format, unreadable, or written by another process.
        """
        _require_run(path)
        manifest = Manifest.read(path / MANIFEST)
        return cls(path, manifest, Lock(path / LOCK) if writable else None)

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.path.name

    @property
    def live(self) -> bool:
        """Whether some process writes into it now."""
        return is_held(self.path / LOCK)

    @property
    def continues(self) -> str:
        """What to do with a run that was stopped; the command finds it where it is now."""
        return f"genlab resume {called(self.path)} continues"

    # ------------------------------------------------------------ between processes

    def refusal(self) -> str:
        """Why the process that writes it takes no requests of this one, as a sentence; empty where it does."""
        return refusal(self.path, self.path / LOCK)

    def ask(self, request: Request) -> None:
        """Ask the process that writes it for something.

        Raises:
            StoreError: it takes no requests, or the disk refused.
        """
        ask(self.path, self.path / LOCK, request)

    def announce(self, phase: Phase | None, sentence: str = "") -> None:
        """Say which phase of preparing the holder of the right to write is in, for those who watch; None once it writes."""
        if self._lock is not None:
            self._lock.say(f"{phase} {sentence}" if phase else "")

    def preparing(self) -> tuple[Phase, str] | None:
        """Return the phase of preparing that whoever writes the run has announced, with its sentence; None where there is none."""
        found = holder(self.path / LOCK) if self.live else None
        phase, _, sentence = (found.doing if found else "").partition(" ")
        return (Phase(phase), sentence) if phase in PREPARING else None

    def asked(self) -> Request | None:
        """Return what another process asked the holder of the right to write since the last time, if something."""
        return self._requests.take() if self._requests else None

    def close(self) -> None:
        """Give up the right to write; twice does no harm."""
        self._metrics.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # ------------------------------------------------------------ measurements

    def append(self, step: int, values: Mapping[str, Any]) -> None:
        """Add the record of a step."""
        self._metrics.append({"step": step, "values": values})

    def append_knob(self, step: int, name: str, value: Any) -> None:
        """Add a line that says which knob was turned while the run went on."""
        self._metrics.append({"step": step, "knob": name, "value": value})

    def append_line(self, line: Line) -> None:
        """Add a line as `lines` returns it."""
        if line.knob is None:
            self.append(line.step, line.values)
        else:
            self.append_knob(line.step, line.knob, line.values[line.knob])

    def records(self, lines: int | None = None) -> tuple[list[Record], str]:
        """Return (step, values) of every measurement, or of those among the first `lines` lines, and a note on what was dropped.

        Raises:
            StoreError: unreadable, damaged, or fewer lines than asked for.
        """
        found, note = self.lines(lines)
        return [(line.step, dict(line.values)) for line in found if line.knob is None], note

    def lines(self, count: int | None = None) -> tuple[tuple[Line, ...], str]:
        """Return every line of metrics, or the first `count`, and a note on what was dropped.

        Raises:
            StoreError: unreadable, damaged, or fewer lines than asked for.
        """
        found = self._metrics.read()
        if count is not None and count > len(found.entries):
            raise too_short(self._metrics.path, len(found.entries), count)
        return tuple(map(_line, found.entries[:count])), found.note

    def cut(self, lines: int) -> None:
        """Drop every line of metrics behind the first `lines`: those that a resumed run computes again.

        Raises:
            StoreError: there are fewer, or the disk refused.
        """
        self._metrics.cut(lines)

    # ------------------------------------------------------------ state and progress

    def save_state(self, state: State, position: Position) -> None:
        """Save what `load_state` returns; old or new after a crash, never a mixture."""
        import safetensors.numpy

        self._metrics.sync()
        arrays = {name: _plain_array(array, None) for name, array in state.arrays.items()}
        about = {
            "scalars": state.scalars,
            "position": dataclasses.asdict(dataclasses.replace(position, checksum=self._metrics.checksum(position.lines))),
            "run": self.manifest.identity,
            "checksum": _checksum(arrays),
        }
        sealed = {**about, "seal": _seal(about)}
        replace(self.path / STATE, safetensors.numpy.save(arrays, metadata={"genlab": dumps(sealed)}))

    def load_state(self) -> tuple[State, Position] | None:
        """Return the last saved state, or None when none was saved.

        Raises:
            StoreError: damaged, or not that of this manifest and these metrics; the hint says how to begin again.
        """
        path = self.path / STATE
        if not there(path):
            return None
        from safetensors import SafetensorError
        from safetensors.numpy import load

        data = read_bytes(path)
        try:
            header = loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            found = loads(header["__metadata__"]["genlab"])
            state, position = State(load(data), found["scalars"]), typed(Position, found["position"])
            sealed = found.get("seal", _seal(found)) == _seal(found)
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError, OverflowError) as error:
            raise self._broken(f"{path} is damaged and cannot be read") from error
        whole = sealed and found.get("checksum", _checksum(state.arrays)) == _checksum(state.arrays)
        if not isinstance(state.scalars, dict) or not whole:
            raise self._broken(f"{path} is damaged: its content is not what was written")
        if found.get("run", self.manifest.identity) != self.manifest.identity:
            raise self._broken(f"the saved state of run {self.name} does not fit its {MANIFEST}: one of them was changed")
        return state, position

    def require_metrics(self, position: Position) -> None:
        """Make sure that the metrics are those that a state goes with.

        Raises:
            StoreError: they are fewer, damaged, or others.
        """
        found = self._metrics.read()
        if position.lines < 0 or position.step < 0:
            raise self._broken(f"{self.path / STATE} is damaged: it stands before the beginning")
        if position.lines > len(found.entries):
            raise too_short(self._metrics.path, len(found.entries), position.lines)
        if position.checksum is not None and (0, *found.sums)[position.lines] != position.checksum:
            raise self._broken(f"the saved state of run {self.name} does not fit its {METRICS}: a line before it was changed")

    def _broken(self, sentence: str) -> StoreError:
        """The error for a run that cannot be continued: what can still be seen, and how to compute it again."""
        again, show = printable(self.manifest.again), f"genlab show {called(self.path)}"
        return StoreError(sentence, f"its measurements can still be seen: {show}; to compute it again beside it: {again}")

    def save_progress(self, progress: Progress) -> None:
        """Say how far the run is."""
        write_json(self.path / PROGRESS, dataclasses.asdict(progress), durable=False)

    def load_progress(self) -> Progress:
        """Return how far the run is. A run whose process died while it ran is `stopped`."""
        path = self.path / PROGRESS
        try:
            found = typed(Progress, read_json(path)) if there(path) else Progress(Phase.READY)
        except (ValueError, TypeError) as error:
            raise damaged(path) from error
        if found.phase is Phase.STOPPED and found.hint:
            return dataclasses.replace(found, hint=self.continues)
        if found.phase.over or self.live:
            return found
        sentence = f"the process that ran this has ended at or after step {found.step:,}"
        return dataclasses.replace(found, phase=Phase.STOPPED, sentence=sentence, hint=self.continues)

    # ------------------------------------------------------------ arrays, snapshot, result

    def save_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Save the problem and its solution for notebooks."""
        replace(self.path / ARRAYS, archive(arrays))

    def load_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the problem and its solution."""
        return read_archive(self.path / ARRAYS)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Put what a screen shows where watchers look."""
        replace(self.path / LATEST, snapshots.encode(snapshot), durable=snapshot.phase is not Phase.RUNNING)

    def load_snapshot(self) -> Snapshot:
        """Return what a screen shows; name and place are those that the folder has now, wherever it was written."""
        found = snapshots.decode(self.path / LATEST)
        if found.phenomenon != self.manifest.phenomenon:
            sentence = f"{LATEST} of run {self.name} does not fit its {MANIFEST}: one of them was changed"
            raise StoreError(sentence, f"restore them from a copy; what was measured stands in {METRICS}")
        hint = self.continues if found.phase is Phase.STOPPED and found.hint else found.hint
        return dataclasses.replace(found, run=self.name, folder=str(self.path), hint=hint)

    def save_result(self, result: Mapping[str, Any]) -> None:
        """Save claims and the figures' data, for scripts: genlab itself does not read them."""
        write_json(self.path / RESULT, result)

    def result_problem(self) -> str:
        """Return why what scripts read of a run that is over cannot be read, and what to do; empty where it can, or is not there yet."""
        if not (self.path / RESULT).exists():
            return ""
        try:
            read_json(self.path / RESULT, limit=None)
        except StoreError as error:
            return f"{error.message}; {error.hint}"
        return ""

    def whole(self) -> bool:
        """Whether everything that a run leaves at its end is there and can be read."""
        try:
            read_json(self.path / RESULT, limit=None)
            shown = self.load_snapshot()
            if shown.phase is Phase.FINISHED:
                self.load_arrays()
            return shown.phase.over
        except StoreError:
            return False

    def save_crash(self, text: str) -> None:
        """Keep the traceback of a defect."""
        replace(self.path / CRASH, text.encode(errors="backslashreplace"))


def _line(entry: Mapping[str, Any]) -> Line:
    if "values" in entry:
        return Line(entry["step"], entry["values"])
    return Line(entry["step"], {entry["knob"]: entry["value"]}, entry["knob"])


def frozen(state: State) -> State:
    """Return a copy that later work does not change: a state that waits for a disk must stay as its position says."""
    return State({name: _plain_array(array, True) for name, array in state.arrays.items()}, plain(state.scalars))


def _plain_array(array: Any, copy: bool | None) -> NDArray[Any]:
    """An array in C order and native byte order: safetensors writes memory as it lies, strides unseen."""
    given = np.asarray(array)
    return np.array(given, dtype=given.dtype.newbyteorder("="), order="C", copy=copy)


def _seal(about: Mapping[str, Any]) -> int:
    """Return a number that changes with everything that is written beside the arrays of a state."""
    return zlib.crc32(dumps({name: value for name, value in about.items() if name != "seal"}).encode())


def _checksum(arrays: Mapping[str, NDArray[Any]]) -> int:
    """Return a number that changes with any bit of the arrays, their names, shapes and types."""
    found = 0
    for name, array in sorted(arrays.items()):
        found = zlib.crc32(f"{name} {array.dtype.str} {array.shape}".encode(), found)
        found = zlib.crc32(np.ascontiguousarray(array).tobytes(), found)
    return found


def _require_run(path: Path) -> None:
    with told(path, "read"):
        if not there(path):
            raise StoreError(f"no run at {path}", "See: genlab runs")
        if not path.is_dir():
            raise StoreError(f"{path} is a file, not the folder of a run", "See: genlab runs")
        if not there(path / MANIFEST):
            raise StoreError(f"{path} is not a run of genlab: it has no {MANIFEST}", "See: genlab runs")
