"""One run without the app: begun or resumed, driven to its end, reported."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Preset, Snapshot, Spec
from engine.device import may_be_gpu, resolve_device
from engine.errors import UsageError, echoed
from engine.estimates import LONG, Estimate, estimate
from engine.run_times import learn
from engine.runner import Runner, preset_of
from engine.runner import resume as reopen
from engine.runner.setup import checked
from engine.seeds import seed_range
from engine.store import find_run, runs_root
from lab.output import VERDICT_COLUMNS, emit, plain, say, verdict_rows, write_table
from lab.running.detached import detach
from lab.running.driving import Driven, Feed, conclude, drive
from lab.running.idle_knobs import say_idle, say_idle_device
from lab.running.reporters import choose_reporter


@dataclass(frozen=True)
class Reporting:
    """How a command tells of its run.

    typed: the arguments as they were typed, for the manifest; announce: in a detached child, the folder's name first, then a log.
    """

    typed: Sequence[str]
    json: bool = False
    quiet: bool = False
    announce: bool = False
    debug: bool = False

    @property
    def command_line(self) -> str:
        """The whole command, to be typed again."""
        return shlex.join(["genlab", *self.typed])


@dataclass(frozen=True)
class Where:
    """Where a run computes, with how many threads (None: the default number), and in which folder it is stored (None: in none)."""

    device: str
    threads: int | None
    root: Path | None


def begin(
    spec: Spec,
    preset: str,
    given: Mapping[str, str],
    told: Reporting,
    where: Where,
    *,
    seed: int = 0,
    seeds: int | None = None,
    background: bool = False,
) -> int:
    """Run a phenomenon and return the exit code; standard output gets JSON lines, or the run's name alone.

    given: knobs that differ from the preset, as text; seeds: the preset's own number when None.

    Raises:
        UsageError: unknown preset, value out of range, device that is not there.
        DataError: a data set that is not here.
    """
    config = spec.configure(preset, given)
    config.require_contents()
    check_device(where.device)
    replicates = checked(seed_range(seed, seeds or spec.preset(preset).seeds))
    if not told.quiet and not told.announce:
        say_idle(given, [config])
        say_idle_device(spec, [config], where.device)
    _say_time(estimate(spec, config, seeds or spec.preset(preset).seeds, where.device), spec.preset(preset), where.device, told)
    if background:
        return detach([arg for arg in told.typed if arg != "--detach"], as_json=told.json)
    label = preset_of(spec, config, preset)

    def make(feed: Feed) -> Driven:
        return Runner(
            spec.name, config, label, replicates, device=where.device, threads=where.threads, root=where.root, on_measure=feed,
            typed=told.command_line, watched=False,
        )  # fmt: skip

    return _compute(make, f"{spec.name} {label}", told, lambda last: learn(spec, config, last, where.threads))


def _say_time(found: Estimate | None, preset: Preset, device: str, told: Reporting) -> None:
    """Say of a long run how long it will take here, and what its preset is meant for where that is surely not a GPU of this machine."""
    if found is not None and found.seconds < LONG:
        return
    if told.json:
        if found is not None:
            emit({"event": "estimate", "seconds": round(found.seconds), "measured": found.measured})
        return
    needs = f"preset {preset.name} needs {preset.needs}" if preset.needs and not may_be_gpu(device) else ""
    if told.quiet or told.announce or not (found or needs):
        return
    time = f"{found.text} of work on this machine" if found else "how long it takes on this machine, genlab doctor --full measures"
    say(f"{time}; {needs}" if needs else time)


def go_on(run: str, runs: Path | None, repeated: Sequence[str], told: Reporting) -> int:
    """Resume a stored run and return the exit code. repeated: knobs as typed, which may repeat the run's values, not change them.

    Raises:
        KnobError: a knob was given with another value than the run has.
        StoreError: no such run, damaged, or open in another process.
    """
    path = find_run(runs_root(runs), run)
    knobs = read_knobs(repeated)
    return _compute(lambda feed: reopen(path, knobs, on_measure=feed, typed=told.command_line, watched=False), path.name, told)


def check_device(device: str) -> str:
    """Return the device; "auto" is decided where the run is.

    Raises:
        UsageError: unknown, or not there.
    """
    if device != "auto":
        resolve_device(device)
    return device


def read_knobs(args: Sequence[str]) -> dict[str, str]:
    """Read `--width 3 --lr=0.1` without knowing which knobs there are.

    Raises:
        UsageError: something that is no option, or an option without a value.
    """
    left = iter(args)
    found: dict[str, str] = {}
    for arg in left:
        name, equals, value = arg.partition("=")
        if not name.startswith("--"):
            raise UsageError(f"unexpected {echoed(arg)!r} after the run", "See: genlab resume --help")
        text = value if equals else next(left, None)
        if text is None:
            raise UsageError(f"option {echoed(name)} needs a value", "See: genlab resume --help")
        found[name.lstrip("-")] = text
    return found


def _compute(make: Callable[[Feed], Driven], title: str, told: Reporting, after: Callable[[Snapshot], None] = lambda last: None) -> int:
    feed = Feed()
    ending = drive(make(feed), feed, choose_reporter(title, json=told.json, quiet=told.quiet, announce=told.announce))
    if not told.json and not told.announce:
        _print_result(ending.last, told.quiet)
    code = conclude(ending, debug=told.debug)
    after(ending.last)
    return code


def _print_result(last: Snapshot, quiet: bool) -> None:
    if last.verdicts and not quiet:
        write_table(VERDICT_COLUMNS, verdict_rows(last.verdicts), stderr=True)
    if last.folder:
        print(plain(last.run), flush=True)
