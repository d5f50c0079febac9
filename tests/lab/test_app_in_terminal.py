"""The real app in a pseudo-terminal: live curves, every key, every size, and every way out."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from screens.keys import KEYS
from tests.lab.command_line import start
from tests.lab.pty_terminal import Terminal

TOY = ("tests.lab.pty_app",)
BRAILLE = re.compile("[\u2801-\u28ff]")
COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-8]|39|4[0-9]|9[0-7]|10[0-7])(?:;[\d;]*)?m")


def opened(terminal: Terminal, title: str = "Toy decay") -> None:
    """From home into the first phenomenon, until its curves are live."""
    terminal.shows("Why do overparameterized models generalize?", title)
    terminal.press("1")
    terminal.until(lambda: "running" in terminal.text and re.search(r"step [1-9]", terminal.text), "a running phenomenon")


def look_around(terminal: Terminal) -> None:
    """Every panel, help and the palette, and out."""
    terminal.press("k")
    terminal.shows("decay rate")
    terminal.press("v")
    terminal.shows("The number halves")
    terminal.press("n")
    terminal.shows("Watch the number.")
    for key, words in (("?", "Start, pause, go on, run again"), ("ctrl+p", "What to do?")):
        terminal.press(key)
        terminal.shows(words)
        terminal.press("escape")
        terminal.until(lambda words=words: words not in terminal.text, f"the end of {words}")
    terminal.press("q")


def stored(runs: Path) -> Path:
    """The folder of the only run."""
    (folder,) = [path for path in runs.iterdir() if path.is_dir()]
    return folder


def test_random_labels_live_and_out(tmp_path: Path) -> None:
    with Terminal("genlab", runs=tmp_path, size=(160, 48), anew=True) as terminal:
        opened(terminal, "Random labels")
        terminal.until(lambda: len(BRAILLE.findall(terminal.text)) > 20, "live curves")
        terminal.shows("Training accuracy", "Test error", "learning rate", "? help")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "genlab resume random-labels" in terminal.last_words() or "genlab show random-labels" in terminal.last_words()
        assert "Traceback" not in terminal.raw.decode(errors="replace")
    assert list(tmp_path.glob("random-labels-*/metrics.jsonl"))


def test_every_key_every_size_home_and_back(tmp_path: Path) -> None:
    with Terminal(*TOY, runs=tmp_path) as terminal:
        opened(terminal)
        terminal.until(lambda: len(BRAILLE.findall(terminal.text)) > 20, "live curves")
        terminal.resize(1, 1)
        terminal.press("s")
        terminal.resize(40, 10)
        terminal.shows("genlab needs 60x15")
        terminal.resize(160, 48)
        terminal.shows("Decay", "Grid", "decay rate")
        terminal.resize(80, 24)
        terminal.shows("Decay", "? help")
        for key in (
            *(key.keys.split(",")[0] for key in KEYS if key.keys not in ("q", "escape", "question_mark")),
            "left",
            "down",
            "ctrl+l",
        ):
            terminal.press(key)
        terminal.escape_to("Why do overparameterized")
        terminal.press("1")
        terminal.shows("Toy decay", "? help")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "genlab resume toy" in terminal.last_words() or "genlab show toy" in terminal.last_words()
        assert "Traceback" not in terminal.raw.decode(errors="replace")
    assert list(tmp_path.glob("toy-*/metrics.jsonl"))


def test_ctrl_c_leaves_although_a_paste_never_ends(tmp_path: Path) -> None:
    with Terminal(*TOY, runs=tmp_path) as terminal:
        opened(terminal)
        os.write(terminal.master, b"\x1b[200~" + b"q" * 1000)
        terminal.pump(0.2)
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        terminal.assert_restored()


@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP", "SIGINT", "ctrl+c"])
def test_interrupted_saves_restores_and_says_how_to_go_on(tmp_path: Path, way: str) -> None:
    with Terminal(*TOY, runs=tmp_path) as terminal:
        opened(terminal)
        if way == "ctrl+c":
            terminal.press(way)
        else:
            terminal.kill(getattr(signal, way))
        assert terminal.end() == 130
        terminal.assert_restored()
        assert "go on with: genlab resume toy-quick-s0" in terminal.last_words()
        assert "Traceback" not in terminal.last_words()
    assert (stored(tmp_path) / "state.json").exists()


def test_a_terminal_that_is_gone_saves_the_run(tmp_path: Path) -> None:
    with Terminal(*TOY, runs=tmp_path, anew=True) as terminal:
        opened(terminal)
        terminal.hang_up()
        terminal.until(lambda: not terminal.alive, "the end of the process")
        assert terminal.end() == 130
    assert (stored(tmp_path) / "state.json").exists()


@pytest.mark.parametrize("way", [signal.SIGSTOP, signal.SIGTSTP])
def test_a_process_that_is_stopped_comes_back_whole(tmp_path: Path, way: signal.Signals) -> None:
    with Terminal(*TOY, runs=tmp_path) as terminal:
        opened(terminal)
        process = psutil.Process(terminal.pid)
        threads = process.num_threads()
        terminal.kill(way)
        terminal.until(lambda: process.status() == psutil.STATUS_STOPPED, "the stop")
        terminal.kill(signal.SIGCONT)
        terminal.until(lambda: terminal.raw.count(b"\x1b[?1049h") == 2, "the terminal taken again")  # what was typed before is dropped
        terminal.press("space")
        terminal.shows("paused at", "? help")
        terminal.until(lambda: process.num_threads() <= threads, "as many threads as before")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


def test_q_ends_with_0_and_a_sentence(tmp_path: Path) -> None:
    with Terminal(*TOY, runs=tmp_path) as terminal:
        opened(terminal)
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "toy-quick-s0 is saved at step" in terminal.last_words()


def test_a_screen_that_cannot_be_drawn_ends_at_home_with_a_report_beside_the_run_that_goes_on(tmp_path: Path) -> None:
    with Terminal(*TOY, "crash", runs=tmp_path, size=(160, 48)) as terminal:
        terminal.shows("Toy decay")
        terminal.press("1")
        terminal.shows("Why do overparameterized", "ZeroDivisionError: a defect of a screen", "defect.txt")
        terminal.press("1")
        terminal.shows("Toy decay", "? help")
        terminal.shows("Why do overparameterized", "running")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert f"the report is {stored(tmp_path) / 'defect.txt'}" in terminal.last_words()
        assert "genlab resume toy-quick-s0" in terminal.last_words()
        assert "Traceback" not in terminal.raw.decode(errors="replace")
    report = (stored(tmp_path) / "defect.txt").read_text()
    assert report.count("Traceback") == 1
    assert "misbehave" in report
    assert "screens: HomeScreen" in report
    assert (stored(tmp_path) / "state.json").exists()


def test_a_defect_that_goes_on_at_home_ends_the_app_with_a_sentence_and_the_run_saved(tmp_path: Path) -> None:
    with Terminal(*TOY, "doomed", runs=tmp_path) as terminal:
        terminal.shows("Toy decay")
        terminal.press("1")
        assert terminal.end() == 3
        terminal.assert_restored()
        assert "unexpected ZeroDivisionError: a defect of every screen" in terminal.last_words()
        assert "--debug" in terminal.last_words()
        assert f"the report is {stored(tmp_path) / 'defect.txt'}" in terminal.last_words()
        assert "genlab resume toy-quick-s0" in terminal.last_words()
        assert "Traceback" not in terminal.last_words()
    assert (stored(tmp_path) / "state.json").exists()


def test_debug_shows_where_a_defect_is(tmp_path: Path) -> None:
    with Terminal(*TOY, "doomed", "--debug", runs=tmp_path) as terminal:
        terminal.shows("Toy decay")
        terminal.press("1")
        assert terminal.end() == 3
        terminal.assert_restored()
        assert "Traceback" in terminal.last_words()
        assert "always_raise" in terminal.last_words()


@pytest.mark.parametrize("way", ["SIGTERM", "ctrl+c"])
def test_an_interface_that_hangs_is_ended_from_outside_with_the_run_saved(tmp_path: Path, way: str) -> None:
    with Terminal(*TOY, "hang", runs=tmp_path / "runs") as terminal:
        terminal.shows("Toy decay")
        terminal.press("1")
        terminal.until((tmp_path / "hangs").exists, "the interface that hangs")
        terminal.press(way) if way == "ctrl+c" else terminal.kill(signal.SIGTERM)
        assert terminal.end() == 130
        terminal.assert_restored()
        assert "go on with: genlab resume toy-quick-s0" in terminal.last_words()
    assert (stored(tmp_path / "runs") / "state.json").exists()


@pytest.mark.parametrize(("mode", "words"), [("broken", "ZeroDivisionError"), ("diverging", "lower rate")])
def test_a_run_that_fails_is_a_sentence_and_the_interface_stays(tmp_path: Path, mode: str, words: str) -> None:
    with Terminal(*TOY, mode, runs=tmp_path) as terminal:
        terminal.shows("Toy decay")
        terminal.press("1")
        terminal.shows(words)
        terminal.press("v")
        terminal.shows("The number halves")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (160, 48)])
def test_no_color_writes_no_colour_codes(tmp_path: Path, size: tuple[int, int]) -> None:
    with Terminal(*TOY, runs=tmp_path, size=size, NO_COLOR="1") as terminal:
        opened(terminal)
        look_around(terminal)
        assert terminal.end() == 0
        assert COLOUR.findall(bytes(terminal.raw)) == []


def test_the_terminal_says_how_large_it_is_whatever_the_environment_says(tmp_path: Path) -> None:
    with Terminal(*TOY, runs=tmp_path, size=(160, 48), COLUMNS="80", LINES="24") as terminal:
        opened(terminal)
        terminal.shows("Decay", "Grid", "decay rate")
        terminal.press("q")
        assert terminal.end() == 0


@pytest.mark.parametrize(("options", "environ"), [(("--ascii",), {}), ((), {"LANG": "C"})])
def test_ascii_writes_ascii_only(tmp_path: Path, options: tuple[str, ...], environ: dict[str, str]) -> None:
    with Terminal(*TOY, *options, runs=tmp_path, anew=True, **environ) as terminal:
        opened(terminal)
        look_around(terminal)
        assert terminal.end() == 0
        assert terminal.raw.isascii()


@pytest.mark.parametrize(("term", "most"), [("xterm", 16), ("xterm-256color", 256)])
def test_colours_are_those_that_the_terminal_has(tmp_path: Path, term: str, most: int) -> None:
    with Terminal(*TOY, runs=tmp_path, TERM=term, COLORTERM="") as terminal:
        opened(terminal)
        terminal.press("q")
        assert terminal.end() == 0
        assert not re.search(rb"[34]8;2;", terminal.raw)
        assert most == 256 or not re.search(rb"[34]8;5;", terminal.raw)


def test_a_dumb_terminal_is_told_the_headless_command(tmp_path: Path) -> None:
    with Terminal("genlab", runs=tmp_path, anew=True, TERM="dumb") as terminal:
        assert terminal.end() == 2
        assert "genlab run" in terminal.raw.decode()
        assert b"\x1b" not in terminal.raw


def test_a_run_of_another_process_is_watched_live(tmp_path: Path) -> None:
    with start(tmp_path, "run", "toy", "--steps", "1000000", "--pause", "0.002", "--quiet", stdout=None, stderr=None) as other:
        try:
            while not list(tmp_path.glob("*/latest.npz")):
                assert other.poll() is None
                time.sleep(0.05)
            with Terminal(*TOY, "watch", "toy-custom-s0", runs=tmp_path) as terminal:
                terminal.shows("Toy decay", "running")
                first = re.search(r"step ([\d,]+)", terminal.text)
                assert first
                terminal.until(lambda: re.search(r"step ([\d,]+)", terminal.text).group(1) != first.group(1), "a further step")
                terminal.press("r")
                terminal.shows("belongs to another process")
                terminal.press("space")
                terminal.shows("by another process", "S stop")
                terminal.press("space")
                terminal.shows("running")
                terminal.press("q")
                assert terminal.end() == 0
                terminal.assert_restored()
            assert other.poll() is None, "watching must not end the run"
            with Terminal(*TOY, "watch", "toy-custom-s0", runs=tmp_path) as terminal:
                terminal.shows("Toy decay", "S stop")
                terminal.press("S")
                terminal.shows("its state is saved")
                terminal.press("q")
                assert terminal.end() == 0
            assert other.wait(60) == 130
        finally:
            other.terminate()
