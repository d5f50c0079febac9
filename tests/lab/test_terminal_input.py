"""What is typed and pasted: read whole, whatever else the terminal sends, and ctrl+c waits behind nothing."""

from __future__ import annotations

import pytest
from textual import events

from lab.terminal_input import PASTE_PATIENCE, TerminalInput


class Hands:
    """A person at a keyboard, with a clock of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.interrupts = 0
        self.input = TerminalInput(self._interrupted, clock=lambda: self.now)

    def _interrupted(self) -> None:
        self.interrupts += 1

    def type(self, *pieces: str | bytes) -> list[str]:
        """The keys that the pieces of input come to, and the texts that they paste."""
        said: list[str] = []
        for piece in pieces:
            for message in self.input.read(piece.encode() if isinstance(piece, str) else piece):
                if isinstance(message, events.Key):
                    said.append(message.key)
                elif isinstance(message, events.Paste):
                    said.append(f"pasted {message.text}")
        return said


def test_keys_come_as_they_are_typed() -> None:
    assert Hands().type("a", "\x1b[A", "\xc3".encode("latin-1"), b"\xa9k") == ["a", "up", "é", "k"]


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        (["\x1b1"], ["escape", "1"]), (["\x1b12"], ["escape", "1", "2"]), (["\x1b", "1"], ["escape", "1"]),
        (["\x1b ", "q"], ["escape", "space", "q"]), (["\x1b\r"], ["escape", "enter"]), (["?\x1bé"], ["question_mark", "escape", "é"]),
        (["\x1b", ""], ["escape"]), (["\x1b\x1b", ""], ["escape", "escape"]), (["\x1b\x1b[A"], ["escape", "up"]),
        (["\x1b", "[A"], ["up"]), (["\x1b", "[", "A"], ["up"]), (["\x1bOP"], ["f1"]), (["\x1bf"], ["ctrl+right"]),
    ],
)  # fmt: skip
def test_an_escape_is_a_key_also_where_the_next_key_comes_with_it(pieces: list[str], keys: list[str]) -> None:
    assert Hands().type(*pieces) == keys


def test_what_cannot_be_read_costs_itself_alone() -> None:
    assert Hands().type("a", b"\xff", "\x1b[<0;99999999999999999999999M", "b")[-1] == "b"


def test_ctrl_c_is_heard_at_once_and_is_no_key() -> None:
    hands = Hands()
    assert hands.type("q\x03x", "\x1b[99;5u") == ["q", "x"]
    assert hands.interrupts == 2


def test_a_pasted_ctrl_c_interrupts_nothing() -> None:
    hands = Hands()
    assert hands.type("\x1b[200~one\x03two\x1b[201~", "k") == ["pasted one\x03two", "k"]
    assert hands.interrupts == 0


def test_a_paste_comes_whole_however_it_is_cut() -> None:
    text = "\x1b[200~" + "word " * 2000 + "\x1b[201~k"
    for size in (1, 5, 4096):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert Hands().type(*pieces) == ["pasted " + "word " * 2000, "k"]


def test_ctrl_c_ends_a_paste_whose_end_was_lost() -> None:
    hands = Hands()
    assert hands.type("\x1b[200~half", "k", "\x03", "k") == ["k"]
    assert hands.interrupts == 1


def test_silence_ends_a_paste_whose_end_was_lost() -> None:
    hands = Hands()
    assert hands.type("\x1b[200~half") == []
    hands.now += PASTE_PATIENCE / 2
    assert hands.type("", "more") == []  # a slow line
    hands.now += PASTE_PATIENCE + 1
    assert hands.type("", "k") == ["k"]
