"""An hour of use in minutes: in one process every phenomenon is opened, run, turned, begun again and left, over and over; nothing grows."""

from __future__ import annotations

import asyncio
import gc
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from textual.pilot import Pilot

from engine import registry
from engine.contract import Phase, Reseed, Rewind, Session, SetKnob
from lab.app import LabApp
from lab.open_runs import BackgroundRuns
from screens.base import PhenomenonScreen
from screens.widgets.palette import Theme
from tests.faults.extremes import BASES
from tests.faults.soaking.rows import Row

ROUNDS, WARM = 8, 3  # through all phenomena, and how many of them fill caches and open what is opened once
GROWTH = 0.05
FAULT = "an hour of use in one process (runs)"
KEYS = ("m", "m", "f", "f", "v", "v", "n", "n", "plus", "minus", "0", "full_stop", "comma", "p", "P", "tab", "k", "escape", "c", "x", "x")
PATIENCE = 120.0
FIRST = {"double-descent": {"D": 250}}  # knobs that are turned on the way: n and D bound one another


@dataclass(frozen=True)
class Held:
    """What the process holds: bytes of memory, threads, open files."""

    memory: int
    threads: int
    files: int

    @classmethod
    def now(cls) -> Held:
        """What it holds at present."""
        gc.collect()
        process = psutil.Process()
        return cls(process.memory_info().rss, threading.active_count(), process.num_fds())

    def __str__(self) -> str:
        return f"{self.memory / 2**20:.0f} MiB, {self.threads} threads, {self.files} files"


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return iter(("all",))


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    row, chance = Row(FAULT), random.Random("use")
    names = list(registry.names())
    held: list[Held] = []
    rounds = max(WARM + 1, round(share * ROUNDS))
    root = folder / "runs"
    shutil.rmtree(root, ignore_errors=True)
    asyncio.run(_sitting(root, chance, row, [chance.sample(names, len(names)) for _ in range(rounds)], held))
    row.count(_grown(held))
    return [row]


def _grown(held: list[Held]) -> str:
    """What has grown from the last round that warms to the last."""
    warm, last = held[WARM - 1], held[-1]
    grown = [
        *(["memory"] if last.memory > (1 + GROWTH) * warm.memory else []),
        *(["threads"] if last.threads > warm.threads else []),
        *(["files"] if last.files > warm.files else []),
    ]
    return f"{' and '.join(grown)} grew from {warm} to {last}" if grown else ""


async def _sitting(root: Path, chance: random.Random, row: Row, rounds: list[list[str]], held: list[Held]) -> None:
    """Open the app; in every round visit every phenomenon and write down what the process holds; leave."""
    runs = BackgroundRuns(threads=1, root=root)
    app = LabApp(runs, drawing=Theme())
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            for names in rounds:
                for name in names:
                    await _visit(pilot, app, name, chance, row)
                held.append(Held.now())
                print(f"round {len(held)}: {held[-1]}", flush=True)
            app.exit(0)
    finally:
        said = runs.close()
        row.count("" if not runs.unstored and not runs.stuck else "; ".join(said), 0)


async def _visit(pilot: Pilot[int], app: LabApp, name: str, chance: random.Random, row: Row) -> None:
    """Open a phenomenon, have three runs of it, press keys, go home."""
    app.open_phenomenon(name)
    session = app.sessions[name]
    await _until(pilot, lambda: isinstance(app.screen, PhenomenonScreen) and session.latest().phase is not Phase.READY)
    knobs = BASES[name]
    for knob, value in (*FIRST.get(name, {}).items(), *knobs.items()):
        session.post(SetKnob(knob, value))
    await _finished(pilot, session, name, dict(knobs), row)
    for command in (Rewind(), Reseed(chance.randrange(5))):
        before = session.latest()
        session.post(command)
        await _until(pilot, lambda before=before: session.latest().phase is not before.phase or session.latest().seeds != before.seeds)  # type: ignore[misc]
        await _finished(pilot, session, name, {}, row)
    for key in chance.sample(KEYS, 8):
        await pilot.press(key)
    await pilot.press("escape")
    app.action_home()
    await pilot.pause()


async def _finished(pilot: Pilot[int], session: Session, name: str, knobs: dict[str, object], row: Row) -> None:
    """Wait until the run with these knobs is over, and count it."""

    def over() -> bool:
        last = session.latest()
        return last.phase.over and all(_same(last.config[knob], value) for knob, value in knobs.items())

    try:
        await _until(pilot, over)
    except TimeoutError:
        last = session.latest()
        row.count(f"{name} did not finish: {last.phase} {last.sentence}")
    else:
        last = session.latest()
        row.count("" if last.phase is Phase.FINISHED else f"{name} {last.phase}: {last.sentence}")


def _same(one: object, other: object) -> bool:
    return (list(one) if isinstance(one, list | tuple) else one) == (list(other) if isinstance(other, list | tuple) else other)


async def _until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        await pilot.pause(0.02)
