"""`genlab doctor`: what this machine offers, and what to do about each thing that stands in the way."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

from engine.cores import default_threads, usable_cores
from engine.data.cache import cache_folder
from engine.data.own.folder import data_folder
from engine.errors import Exit
from engine.estimates import NO_ESTIMATE, looked_up, unwritable
from engine.store import list_runs, runs_root
from engine.store.files import there
from genlab.own_packages import NAMES, misplaced, place, shared
from lab.output import ascii_only, emit, plain, write_table
from lab.published_data import availabilities
from lab.settings import settings
from lab.settings_file import facts
from lab.torch_installation import IMPORT, LOAD, Helper, library, problems, read_devices

Level = Literal["ok", "note", "problem"]
LEAST_SIZE, USUAL_SIZE = (60, 15), (80, 24)  # the interface says a sentence below the first, is meant for the second
REINSTALL = "Install torch anew, in a build for this machine: pip install --force-reinstall 'torch>=2.6'"
NO_DRIVER = "none; everything but the presets marked GPU runs on the processor"
MEASURE = "from engine.run_times import calibrate; calibrate()"
LEAST_DISK = 1 << 30  # bytes; a long run with its states stays well below


@dataclass(frozen=True)
class Check:
    """One thing looked at. A problem keeps something from working; a note is worth knowing."""

    group: str
    name: str
    value: str
    level: Level = "ok"
    advice: str = ""


def examine(runs: Path | None = None, *, full: bool = False) -> list[Check]:
    """Look at everything; in full, torch is imported (in a process of its own), which takes seconds."""
    torch = Torch(full)
    return [*python(), *own_names(), *packages(), *torch.checks(), *pace(full), *terminal(), *chosen(), *folders(runs), *data()]


def report(checks: Sequence[Check], *, json: bool = False) -> int:
    """Print the checks, the problems with their advice last; return the exit code."""
    problems = [check for check in checks if check.level == "problem"]
    if json:
        for check in checks:
            emit({"event": "check", **asdict(check)})
        emit({"event": "doctor", "problems": len(problems)})
    else:
        write_table(("what", "", "found", "level"), [(c.group, c.name, c.value, c.level) for c in checks])
        for check in checks:
            if check.advice:
                print(plain(f"{check.level}: {check.group} {check.name}: {check.value}\n  {check.advice}"))
        print("1 problem" if len(problems) == 1 else f"{len(problems)} problems" if problems else "everything is in place")
    return Exit.RUN_FAILED if problems else Exit.DONE


def python() -> Iterator[Check]:
    """Interpreter and machine."""
    found = platform.python_version()
    fine = sys.version_info >= (3, 11)
    yield Check("python", "version", found, "ok" if fine else "problem", "" if fine else "genlab needs Python 3.11 or later")
    yield Check("python", "executable", sys.executable)
    memory = psutil.virtual_memory()
    yield Check("machine", "cores", f"{usable_cores()} usable of {os.cpu_count()}")
    yield Check("machine", "memory", f"{_size(memory.available)} free of {_size(memory.total)}")


def own_names() -> Iterator[Check]:
    """Whether `engine`, `screens` and `lab` are genlab's own, or another package has taken the name."""
    wrong = {item.name: item for item in (*shared(), *misplaced())}
    for name in NAMES:
        if name in wrong:
            yield Check("name", name, wrong[name].sentence, "problem", wrong[name].hint)
        else:
            yield Check("name", name, f"{place(name)}")


def packages(requirements: Sequence[str] | None = None) -> Iterator[Check]:
    """Installed versions against the bounds that genlab declares."""
    declared = (importlib.metadata.requires("genlab") or []) if requirements is None else requirements
    for requirement in declared:
        match = re.match(r"([A-Za-z0-9._-]+)\s*([^;]*)(;.*)?$", requirement)
        if match is None or "extra" in (match[3] or ""):
            continue
        name, bounds = match[1], match[2].strip()
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Check("package", name, f"missing ({bounds} is needed)", "problem", f"pip install '{name}{bounds}'")
            continue
        fine = satisfies(found, bounds)
        advice = "" if fine else f"pip install '{name}{bounds}'"
        yield Check("package", name, found if fine else f"{found}, but {bounds} is needed", "ok" if fine else "problem", advice)


def satisfies(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as `>=5.3.2,<6` (the only operators that genlab declares)."""
    for bound in filter(None, bounds.split(",")):
        operator, limit = re.match(r"\s*(>=|<)\s*(.+)", bound).groups()  # type: ignore[union-attr]
        if (_release(version) >= _release(limit)) != (operator == ">="):
            return False
    return True


class Torch:
    """What is said of torch. What takes long is begun at once, in a process of its own, and read when its turn comes.

    Args:
        full: import torch and ask it what it can compute on; otherwise only look whether it would load.
    """

    def __init__(self, full: bool = False) -> None:
        self.full = full
        self._helper: Helper | None = None
        try:
            self._installed: importlib.metadata.Distribution | None = importlib.metadata.distribution("torch")
        except importlib.metadata.PackageNotFoundError:
            self._installed = None  # which `packages` says
            return
        path = library(self._installed)
        if full:
            self._helper = Helper(IMPORT)
        elif path is not None:
            self._helper = Helper(LOAD, str(path))

    def checks(self) -> Iterator[Check]:
        """Files, libraries, threads and devices."""
        if self._installed is None:
            return
        for sentence in problems(self._installed):
            yield Check("torch", "installation", sentence, "problem", REINSTALL)
        asked = os.environ.get("OMP_NUM_THREADS")
        yield Check("torch", "threads", f"{default_threads()} a run" + (f" (OMP_NUM_THREADS={asked})" if asked else ""))
        out, wrong = self._helper.outcome() if self._helper else ("", "")
        doing = "import" if self.full else "libraries"
        if wrong:
            yield Check("torch", doing, f"fails: {wrong}", "problem", REINSTALL)
            return
        yield Check("torch", doing, "works" if self.full else "load")
        if self.full:
            yield from _devices(**read_devices(out))
        elif shutil.which("nvidia-smi"):
            yield Check("torch", "cuda", "a driver is here", "note", "What torch can use of it: genlab doctor --full")
        else:
            yield Check("torch", "cuda", NO_DRIVER)


def _devices(cpu: str, cuda: Sequence[tuple[str, int]], built: str | None) -> Iterator[Check]:
    yield Check("torch", "cpu", cpu)
    for index, (name, memory) in enumerate(cuda):
        yield Check("torch", f"cuda:{index}", f"{name}, {_size(memory)}")
    if not cuda and shutil.which("nvidia-smi"):
        advice = f"A driver is here, but this torch is built for {built or 'no CUDA'}: install a matching build."
        yield Check("torch", "cuda", "not usable", "note", advice)
    elif not cuda:
        yield Check("torch", "cuda", NO_DRIVER)


def pace(full: bool = False) -> Iterator[Check]:
    """How fast this machine is, for estimates of how long runs take; in full, measured anew in a process of its own."""
    wrong = Helper(MEASURE).outcome()[1] if full else ""
    known, damage = looked_up()
    if damage:
        yield Check("machine", "kept speed", f"does not count: {damage}", "note", "genlab doctor --full measures anew and replaces it.")
    if unkept := unwritable():
        advice = "Until that is mended (or another folder named with GENLAB_CACHE), no run teaches how long the next one takes."
        yield Check("machine", "kept speed", f"cannot be written: {unkept}", "note", advice)
    if wrong:
        yield Check("machine", "speed", f"cannot be measured: {wrong}", "note", "genlab info and runs name no times.")
    elif known is None:
        yield Check("machine", "speed", "not measured yet", "note", f"Until then, genlab info names no times: {NO_ESTIMATE}")
    else:
        rate = f"{1e-9 / known.products:.3g} GFLOP/s in products, {1e6 * known.calls:.2g} us a call"
        learned = dict.fromkeys(name.partition(" ")[0] for name in known.runs)
        yield Check("machine", "speed", f"{rate}; corrected by runs of {', '.join(learned) or 'nothing yet'}")
        if known.gpu is not None:
            rate = f"{1e-12 / known.gpu.products:.3g} TFLOP/s in products, {1e6 * known.gpu.calls:.2g} us a call"
            yield Check("machine", "gpu's speed", f"{known.gpu.name}: {rate}")


def terminal(environ: Mapping[str, str] | None = None, size: tuple[int, int] | None = None) -> Iterator[Check]:
    """What the interface can draw with, as the environment describes it."""
    env = os.environ if environ is None else environ
    if size is None and not sys.stdout.isatty():
        yield Check("terminal", "size", "standard output is not a terminal", "note", "The app needs one; genlab run works without.")
    else:
        yield _size_check(size or tuple(shutil.get_terminal_size()))
    yield _term_check(env)
    yield Check("terminal", "colours", _colours(env))
    ascii_characters = ascii_only(env)
    advice = "Set a UTF-8 locale for curves of dots: export LANG=C.UTF-8" if ascii_characters and not env.get("GENLAB_ASCII") else ""
    yield Check("terminal", "characters", "ASCII only" if ascii_characters else "Unicode", "note" if advice else "ok", advice)
    shell = "over ssh" if env.get("SSH_CONNECTION") or env.get("SSH_TTY") else "local"
    wrapped = "in tmux" if env.get("TMUX") else "in screen" if env.get("STY") else ""
    kept = wrapped or shell == "local"
    advice = "" if kept else "A lost connection ends the app (the run is saved); tmux, or genlab run --detach, outlives it."
    yield Check("terminal", "session", " ".join(filter(None, [shell, wrapped])), "ok" if kept else "note", advice)


def _size_check(size: Sequence[int]) -> Check:
    columns, lines = size[0], size[1]
    text = f"{columns}x{lines}"
    if columns < LEAST_SIZE[0] or lines < LEAST_SIZE[1]:
        return Check("terminal", "size", text, "problem", f"Enlarge it: the app needs {LEAST_SIZE[0]}x{LEAST_SIZE[1]}, better 80x24.")
    if columns < USUAL_SIZE[0] or lines < USUAL_SIZE[1]:
        return Check("terminal", "size", text, "note", "The app is meant for 80x24 and more; some columns are hidden here.")
    return Check("terminal", "size", text)


def _term_check(env: Mapping[str, str]) -> Check:
    term = env.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return Check("terminal", "TERM", term or "not set", "problem", "The app cannot place the cursor: export TERM=xterm-256color")
    if env.get("TMUX") and term == "screen":
        advice = 'For 256 colours in tmux put  set -g default-terminal "tmux-256color"  into ~/.tmux.conf'
        return Check("terminal", "TERM", term, "note", advice)
    return Check("terminal", "TERM", term)


def _colours(env: Mapping[str, str]) -> str:
    if env.get("NO_COLOR"):
        return "none (NO_COLOR)"
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million"
    return "256" if "256" in env.get("TERM", "") else "16"


def chosen() -> Iterator[Check]:
    """What the person has set, and where."""
    made = settings()
    if made.problem:
        yield Check("settings", "file", made.problem.message, "problem", "None of it counts until that is mended. See: genlab settings")
        return
    yield Check("settings", "file", f"{made.path}" + ("" if there(made.path) else " (not there; genlab settings --write makes one)"))
    for name, value, source in facts(made):
        if source != "default":
            yield Check("settings", name, f"{value} ({source})")


def folders(runs: Path | None = None) -> Iterator[Check]:
    """The places that genlab writes to."""
    root = runs_root(runs)
    yield from _folder("runs", root, "Choose another with --runs DIR or GENLAB_RUNS.")
    if root.is_dir() and os.access(root, os.R_OK):
        found = list_runs(root)
        damaged = [run.name for run in found if run.problem]
        advice = f"See: genlab runs (about {', '.join(damaged[:3])})" if damaged else ""
        count = f"{len(found)}" + (f", {len(damaged)} damaged" if damaged else "")
        yield Check("folder", "stored runs", count, "note" if damaged else "ok", advice)
    yield from _folder("data", data_folder(), "Choose another with GENLAB_DATA.")
    yield from _folder("cache", cache_folder(), "Choose another with GENLAB_CACHE; without one, data are parsed anew in every run.")


def _folder(name: str, path: Path, advice: str) -> Iterator[Check]:
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    if os.access(existing, os.W_OK) and existing.is_dir():
        yield Check("folder", name, f"{path}")
    else:
        yield Check("folder", name, f"{path} (not writable)", "problem", advice)
    free = shutil.disk_usage(existing).free
    if free < LEAST_DISK:
        yield Check("folder", f"{name} disk", f"{_size(free)} free", "problem", f"Free some space. {advice}")
    else:
        yield Check("folder", f"{name} disk", f"{_size(free)} free")


def data() -> Iterator[Check]:
    """Cached data sets, and published ones that are here."""
    folder = cache_folder()
    files = sorted(folder.glob("*.npz")) if folder.is_dir() else []
    listed = ", ".join(f"{path.stem} {_size(path.stat().st_size)}" for path in files)
    yield Check("data", "cached", listed or "nothing yet; the first run fills it")
    for name, available in availabilities():
        yield Check("data", name, available)


def _release(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", re.split(r"[a-z+-]", version)[0])]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
