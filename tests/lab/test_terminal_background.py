"""Whether the background is dark: asked of a terminal that answers, answers late, answers half, or never."""

from __future__ import annotations

import os
import pty
import sys
import termios
from types import SimpleNamespace

import pytest
from textual import events

from lab.terminal_answers import LATEST, Answer, TerminalAnswers
from lab.terminal_background import BackgroundQuestion, is_dark, must_ask, said_by
from lab.terminal_input import TerminalInput

WHITE, NIGHT, ATTRIBUTES = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\", "\x1b]11;rgb:1e1e/1e1e/2e2e\x07", "\x1b[?62;4;22c"


@pytest.mark.parametrize(
    ("colour", "dark"),
    [
        ("rgb:ffff/ffff/ffff", False), ("rgb:0000/0000/0000", True), ("rgb:1e/1e/2e", True), ("rgb:fdfd/f6f6/e3e3", False),
        ("rgba:ffff/ffff/ffff/8080", False), ("rgb:8/8/8", False), ("rgb:7000/7000/7000", True), ("#ffffff", None), ("", None),
        ("rgb:fffff/0/0", None),
    ],
)  # fmt: skip
def test_colours_as_terminals_write_them(colour: str, dark: bool | None) -> None:
    assert is_dark(colour) is dark


def test_the_terminal_is_asked_only_where_nothing_else_says_it() -> None:
    assert said_by({"COLORFGBG": "15;0"}) is True
    assert said_by({"COLORFGBG": "0;default;15"}) is False
    assert said_by({"COLORFGBG": "0;default"}) is None
    assert said_by({}) is None
    assert must_ask("auto", {})
    assert not must_ask("dark", {})
    assert not must_ask("auto", {"COLORFGBG": "15;0"})
    assert not must_ask("auto", {"NO_COLOR": "1"})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """A pseudo-terminal as standard input and output; what is typed into `master` is what the question reads."""
    master, slave = pty.openpty()
    streams = SimpleNamespace(fileno=lambda: slave)
    monkeypatch.setattr(sys, "__stdin__", streams)
    monkeypatch.setattr(sys, "__stdout__", streams)
    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp())
    yield SimpleNamespace(master=master, slave=slave, type=lambda text: os.write(master, text.encode()))
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(("answer", "dark"), [(WHITE, False), (NIGHT, True), ("", None)])
def test_a_terminal_that_answers_is_believed_and_what_was_typed_meanwhile_is_kept(terminal, answer: str, dark: bool | None) -> None:
    before = termios.tcgetattr(terminal.slave)
    with BackgroundQuestion({"TERM": "xterm"}) as question:
        assert os.read(terminal.master, 100) == b"\x1b]11;?\x1b\\\x1b[c"
        terminal.type("6" + answer + "\x1b[A" + ATTRIBUTES)
        assert question.dark(60.0) is dark, "the attributes end it, not the time"
        assert question.typed == b"6\x1b[A"
        assert question.answered
    assert termios.tcgetattr(terminal.slave) == before


def test_a_silent_terminal_costs_the_patience_and_no_more(terminal) -> None:
    with BackgroundQuestion({"TERM": "xterm"}) as question:
        terminal.type("q\x1b]11;rgb:ff")
        assert question.dark(0.01) is None
        assert not question.answered
        assert question.typed == b"q\x1b]11;rgb:ff", "half an answer is finished in the app"


@pytest.mark.parametrize("term", ["dumb", "linux", ""])
def test_terminals_without_answers_are_not_asked(terminal, term: str) -> None:
    with BackgroundQuestion({"TERM": term}) as question:
        assert not question.asked
        assert question.dark() is None


def test_what_is_no_terminal_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(sys, "__stdin__", SimpleNamespace(fileno=lambda: reading))
    monkeypatch.setattr(sys, "__stdout__", SimpleNamespace(fileno=lambda: writing))
    assert not BackgroundQuestion({"TERM": "xterm"}).asked
    os.close(writing)
    assert os.read(reading, 10) == b""
    os.close(reading)


class Hands:
    """A person and a terminal, both typing into one input."""

    def __init__(self) -> None:
        self.now = 0.0
        self.answers: list[Answer] = []
        self.input = TerminalInput(lambda: None, self.answers.append, clock=lambda: self.now)

    def keys(self, *pieces: str) -> list[str]:
        found = [message for piece in pieces for message in self.input.read(piece.encode())]
        return [message.key for message in found if isinstance(message, events.Key)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_late_answers_are_no_keys_however_they_are_cut(size: int) -> None:
    hands = Hands()
    hands.input.answers.expect()
    text = f"a{WHITE}b{NIGHT}c{ATTRIBUTES}d\x1b_Gi=31;OK\x1b\\e\x1b[6;20;10tf"
    assert hands.keys(*(text[at : at + size] for at in range(0, len(text), size))) == list("abcdef")
    assert [answer.about for answer in hands.answers] == ["background", "background", "attributes", "graphics", "cell"]
    assert hands.answers[0].said == "rgb:ffff/ffff/ffff"
    assert hands.answers[-1].said == "20;10"


def test_half_an_answer_is_nobodys_key() -> None:
    hands = Hands()
    assert hands.keys("\x1b]11;rgb:ff", "", "x") == ["x"]


def test_keys_that_begin_as_answers_do_are_keys() -> None:
    hands = Hands()
    hands.input.answers.expect()
    assert hands.keys("\x1b[6~", "\x1b[6", "~", "\x1b[A") == ["pagedown", "pagedown", "up"]
    typed, _ = TerminalAnswers().read("\x1b")
    assert typed == "\x1b", "an escape alone goes on at once where no answer is due"
    expecting = TerminalAnswers()
    expecting.expect()
    assert expecting.read("\x1b") == ("", [])
    assert expecting.read("") == ("\x1b", []), "and at the next look where one is"


def test_an_answer_is_awaited_for_a_while() -> None:
    now = [0.0]
    answers = TerminalAnswers(lambda: now[0])
    answers.expect()
    now[0] = LATEST + 1
    assert answers.read("\x1b") == ("\x1b", [])


def test_a_paste_may_hold_what_looks_like_an_answer() -> None:
    hands = Hands()
    pasted = [m.text for m in hands.input.read(f"\x1b[200~{'x' * 10}]11;rgb:0/0/0\x1b[201~".encode()) if isinstance(m, events.Paste)]
    assert pasted == ["x" * 10 + "]11;rgb:0/0/0"]
    assert not hands.answers
