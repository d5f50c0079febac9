"""What the interface costs and how fast it answers, measured from outside through a pseudo-terminal."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from engine.errors import LabError
from engine.registry import entries
from lab.bench.attached import NAME
from lab.bench.entry import Entry, Row, alternate
from lab.bench.pseudo_terminal import Terminal
from lab.running.detached import genlab_command

WIDE, USUAL = (160, 48), (80, 24)
TRAINING = 300  # steps of training measured on each side of a pair
CYCLES = 4  # times the keys below are pressed for one reading of the percentiles
CYCLE = (  # keys, words that tell their effect, whether these go away, whether it is timed (escape is not: terminals delay it)
    ("n", "down scroll", False, True),  # notes open, and the row of keys changes
    ("n", "down scroll", True, True),
    ("v", "down scroll", False, True),  # claims
    ("v", "down scroll", True, True),
    (" ", "paused", False, True),
    (" ", "paused", True, True),
    ("?", "Begin again from the same", False, True),  # help
    ("\x1b", "Begin again from the same", True, False),
)
WINDOW = 4.0  # seconds over which bytes are counted
SETTLE = 1.5  # seconds that the last repaint after a pause may take
WARM = 3.0  # seconds of training before anything is measured


def attached(repeats: int) -> list[Row]:
    """Steps per second with the app attached over steps per second alone."""
    with _folder() as (place, environ):
        pairs = alternate(lambda: _rate("app", place, environ), lambda: _rate("alone", place, environ), repeats)
    ratios = tuple(with_app / alone for with_app, alone in pairs)
    alone = tuple(alone for _, alone in pairs)
    return [
        Row("steps/s with the app at 160x48, over headless", "x", ratios, 0.95, "higher"),
        Row("steps/s headless", "steps/s", alone),
    ]


def startup(repeats: int) -> list[Row]:
    """Seconds until `genlab --help` is done and until the home screen of the app stands."""
    with _folder() as (_, environ):
        pairs = alternate(lambda: _help(environ), lambda: _first_paint(environ), repeats)
    return [
        Row("genlab --help", "s", tuple(pair[0] for pair in pairs), 0.5, "lower"),
        Row("first paint of the app at 80x24", "s", tuple(pair[1] for pair in pairs), 0.8, "lower"),
    ]


def keys(repeats: int) -> list[Row]:
    """Milliseconds from a key press to its repaint while a network trains: panels open and close, it pauses and goes on, help."""
    halves, tails = [], []
    with _training(WIDE) as terminal:
        for _ in range(repeats):
            delays = list(_pressed(terminal))
            halves.append(float(np.percentile(delays, 50)))
            tails.append(float(np.percentile(delays, 95)))
    return [
        Row("key to repaint, p50", "ms", tuple(halves)),
        Row("key to repaint, p95", "ms", tuple(tails), 100, "lower"),
    ]


def opening(repeats: int) -> list[Row]:
    """Milliseconds from a digit on home to the screen of its phenomenon, which is opened for the first time, with what it waits for."""
    delays = []
    for _ in range(repeats):
        with _folder() as (_, environ), Terminal(genlab_command(), USUAL, environ) as terminal:
            terminal.wait_for(entries()[0].title)
            time.sleep(WARM)
            pressed = terminal.press("1")
            delays.append(1000 * (terminal.wait_for("loading torch") - pressed))
    return [Row("digit to the phenomenon's first screen", "ms", tuple(delays), 100, "lower")]


def traffic(repeats: int) -> list[Row]:
    """Kilobytes per second that the app writes at 80x24, running and paused."""
    pairs = []
    with _training(USUAL) as terminal:
        for _ in range(repeats):
            running = _kilobytes(terminal)
            terminal.press(" ")
            terminal.wait_for("paused")
            time.sleep(SETTLE)
            pairs.append((running, _kilobytes(terminal)))
            terminal.press(" ")
            terminal.wait_for("running")
    return [
        Row("written at 80x24 while running", "kB/s", tuple(pair[0] for pair in pairs), 2, "lower"),
        Row("written at 80x24 while paused", "kB/s", tuple(pair[1] for pair in pairs), 0.2, "lower"),
    ]


@contextlib.contextmanager
def _folder() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder for the runs of a measurement, and the environment that names it."""
    with tempfile.TemporaryDirectory(prefix="genlab-bench-") as name:
        yield Path(name), {"GENLAB_RUNS": str(Path(name) / "runs")}


@contextlib.contextmanager
def _training(size: tuple[int, int]) -> Iterator[Terminal]:
    """The app on a run that goes on, in a pseudo-terminal."""
    with _folder() as (place, environ), Terminal(_child("app", 0, place / "unused"), size, environ) as terminal:
        terminal.wait_for("running")
        time.sleep(WARM)
        yield terminal


def _child(mode: str, steps: int, result: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "lab.bench.attached", mode, str(steps), str(result)]


def _rate(mode: str, place: Path, environ: Mapping[str, str]) -> float:
    result = place / "rate.json"
    result.unlink(missing_ok=True)
    command = _child(mode, TRAINING, result)
    if mode == "app":
        with Terminal(command, WIDE, environ) as terminal:
            terminal.wait_for_end(300.0)
        said = ""
    else:
        done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
        said = done.stderr.strip().splitlines()[-1] if done.stderr else ""
    if not result.exists():
        raise LabError(f"training {mode} could not be measured{f': {said}' if said else ''}", f"Try it by hand: genlab run {NAME}")
    return float(json.loads(result.read_text()))


def _help(environ: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run([*genlab_command(), "--help"], env={**os.environ, **environ}, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _first_paint(environ: Mapping[str, str]) -> float:
    with Terminal(genlab_command(), USUAL, environ) as terminal:
        return terminal.wait_for(entries()[0].title) - terminal.begun


def _pressed(terminal: Terminal) -> Iterator[float]:
    """Press every key of the cycle some times; yields the milliseconds until its effect stood on the screen."""
    for key, words, gone, timed in CYCLE * CYCLES:
        began = terminal.press(key)
        seen = terminal.wait_for(words, gone=gone)
        if timed:
            yield 1000 * (seen - began)
        time.sleep(0.15)  # a person does not press two keys in one frame


def _kilobytes(terminal: Terminal) -> float:
    began = time.perf_counter()
    time.sleep(WINDOW)
    return terminal.written(began, began + WINDOW) / WINDOW / 1000


ENTRIES = (
    Entry("attached", "training with the app attached against training alone, in turns", attached, 5),
    Entry("startup", "how soon help is printed and the app stands", startup, 7),
    Entry("keys", "how soon a key shows its effect while a network trains", keys, 5),
    Entry("opening", "how soon a digit shows its phenomenon's screen for the first time", opening, 5),
    Entry("bytes", "what the app writes to the terminal", traffic, 3),
)
