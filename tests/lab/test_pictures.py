"""The chosen figure as a picture: in terminals that speak Kitty's protocol or sixel, as a file elsewhere, and nothing said too early."""

from __future__ import annotations

import base64
import io
import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from textual.pilot import Pilot

from engine.errors import StoreError
from lab.app import LabApp
from lab.terminal_answers import Answer
from lab.terminal_pictures import Ability, ability, fitted, in_kitty, in_sixel, question
from screens.application import ExportRequest
from tests.lab.pty_terminal import Terminal
from tests.screens.canned import CannedRuns
from tests.screens.pilot import drive, opened, said, until

KITTY, SIXEL, CELL = "\x1b_Gi=31;OK\x1b\\", "\x1b[?62;4;22c", "\x1b[6;20;10t"


def png(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 60)).save(made, "PNG")
    return made.getvalue()


def test_what_answers_mean() -> None:
    kitty, cell, plain = Answer("graphics", "i=31;OK"), Answer("cell", "18;9"), Answer("attributes", "62;22")
    assert ability([kitty, cell, plain]) == Ability("kitty", (9, 18))
    assert ability([plain]) == Ability("", (10, 20))
    assert ability([Answer("attributes", "62;4;22")]) == Ability("sixel", (10, 20))
    assert ability([Answer("graphics", "i=31;EBADF"), Answer("cell", "0;0"), plain]) == Ability("", (10, 20))
    assert ability([Answer("attributes", "64;14")]).protocol == "", "14 is not 4"


def test_the_question_is_kept_from_who_would_show_it() -> None:
    assert question({"TERM": "xterm-kitty"}).endswith("\x1b[c")
    assert "\x1b_G" in question({"TERM": "xterm-256color"})
    for environ in ({"TERM": "tmux-256color"}, {"TERM": "xterm", "TMUX": "/tmp/x"}, {"TERM": "screen"}, {"TERM": "xterm", "STY": "1"}):
        assert "\x1b_G" not in question(environ)
        assert question(environ).endswith("\x1b[c")
    for environ in ({}, {"TERM": "dumb"}, {"TERM": "linux"}, {"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal"}):
        assert question(environ) == ""


@pytest.mark.parametrize(("width", "height"), [(1280, 793), (100, 3000), (3000, 10), (1, 1)])
def test_a_picture_keeps_its_shape_and_fits(width: int, height: int) -> None:
    columns, rows = fitted(png(width, height), 80, 23, (10, 20))
    assert 1 <= columns <= 80
    assert 1 <= rows <= 23
    if min(columns, rows) > 5:
        assert columns * 10 / (rows * 20) == pytest.approx(width / height, rel=0.2)


def test_kitty_gets_the_file_as_it_is() -> None:
    noise = os.urandom(9000)
    text = in_kitty(noise, 40, 12)
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert "".join(f"\x1b_G{control};{data}\x1b\\" for control, data in pieces) == text
    assert base64.standard_b64decode("".join(data for _, data in pieces)) == noise
    assert all(len(data) <= 4096 for _, data in pieces)
    assert pieces[0][0] == "a=T,f=100,q=2,C=1,c=40,r=12,m=1"
    assert [control for control, _ in pieces[1:]] == ["m=1"] * (len(pieces) - 2) + ["m=0"]


def test_sixel_has_the_size_of_its_cells() -> None:
    text = in_sixel(png(300, 200), 20, 6, (10, 20))
    assert text.startswith("\x1bP")
    assert text.endswith("\x1b\\")
    assert '"1;1;200;120' in text, "raster attributes: 20 columns of 10 pixels, 6 rows of 20"


def shown_in(terminal: Terminal, *answers: str) -> None:
    """Open the toy, press i, and answer what the terminal is asked."""
    terminal.shows("Why do overparameterized models generalize?", "Toy decay")
    terminal.press("1")
    terminal.until(lambda: re.search(r"step [1-9]", terminal.text), "a running phenomenon")
    terminal.press("i")
    terminal.until(lambda: b"\x1b[16t\x1b[c" in terminal.raw, "the question")
    os.write(terminal.master, "".join(answers).encode())


@pytest.mark.parametrize(("answer", "drawn", "taken_away"), [(KITTY, b"\x1b_Ga=T,f=100", b"\x1b_Ga=d"), (SIXEL, b"\x1bP", b"")])
def test_a_terminal_that_can_shows_the_picture(tmp_path: Path, answer: str, drawn: bytes, taken_away: bytes) -> None:
    with Terminal("tests.lab.pty_app", runs=tmp_path / "runs", size=(100, 30)) as terminal:
        shown_in(terminal, *([answer, CELL, "\x1b[?62;22c"] if answer == KITTY else [CELL, answer]))
        terminal.until(lambda: terminal.raw.find(drawn) > 0 and "esc back" in terminal.text, "the picture")
        terminal.press("escape")
        terminal.shows("space pause")
        assert taken_away in terminal.raw
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()


class Exporting:
    """Stands in for the export: waits until it may go on, then writes or refuses."""

    def __init__(self, refuses: bool = False) -> None:
        self.asked: list[ExportRequest] = []
        self.may = threading.Event()
        self.refuses = refuses

    def __call__(self, session: Any, wanted: ExportRequest) -> str:
        self.asked.append(wanted)
        assert self.may.wait(60)
        if self.refuses:
            raise StoreError("cannot write to /x: the disk is full", "Free some space.")
        return "wrote /x/canned-test-error.png"


@pytest.mark.parametrize("refuses", [False, True])
def test_elsewhere_the_file_is_named_once_it_is_written(monkeypatch: pytest.MonkeyPatch, refuses: bool) -> None:
    export = Exporting(refuses)
    monkeypatch.setattr(CannedRuns, "export", lambda runs, session, wanted: export(session, wanted))

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("2", "i")
        await until(pilot, lambda: export.asked)
        assert "Drawing test error as a picture" in said(app)
        assert "wrote" not in said(app)
        await pilot.press("i")
        await until(pilot, lambda: "A picture is being drawn already." in said(app))
        export.may.set()
        await until(pilot, lambda: ("the disk is full" if refuses else "wrote /x/canned-test-error.png") in said(app))
        assert export.asked == [ExportRequest("png", None, ("test-error",), force=True)]

    drive(scenario)
