"""The difference of two screens against pyte, an independent terminal: it looks there as if nothing had been left out."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.cells import cell_len

from lab.terminal_diff import ALTERNATE, BEGIN, END, TerminalDiff
from lab.terminal_screen import TerminalScreen, on_blank, style_of

WORDS = ("step 120", "  ", "accuracy", "▂▄█", "⣿⡀⠁", "字", "é", " " * 30, "x", "‹0.05›")
CLEAR = "\x1b[1;1H" + " " * 20 + "\x1b[2;1H" + " " * 20
STYLES = ("", "1", "36", "1;36;49", "7", "2;39;49", "38;5;208", "38;2;10;20;30;48;5;7", "4;31", "48;5;22", "0")


def terminal(width: int, height: int) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(width, height)
    screen.reset_mode(pyte.modes.DECAWM)
    return screen, pyte.Stream(screen)


def picture(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Every cell as it looks: character, colours and attributes; the foreground of a plain blank cannot be seen."""
    rows = []
    for y in range(screen.lines):
        row = []
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
            row.append((cell.data, cell.bg) if blank else tuple(cell))
        rows.append(row)
    return rows


def frame(rng: random.Random, width: int, height: int) -> str:
    """Output as Textual writes it: every row cleared, some filled with styled segments that end inside the screen."""
    parts = [f"\x1b[{row};1H{' ' * width}" for row in range(1, height + 1)]
    for row in rng.sample(range(1, height + 1), rng.randint(0, height)):
        column = rng.randint(1, width)
        parts.append(f"\x1b[{row};{column}H")
        for words in rng.choices(WORDS, k=rng.randint(1, 4)):
            column += cell_len(words)
            style = rng.choice(STYLES)
            if column <= width + 1:
                parts.append(f"\x1b[{style}m{words}\x1b[0m" if style else words)
    return "".join([BEGIN, *parts, END] if rng.random() < 0.5 else parts)


@pytest.mark.parametrize("seed", range(20))
def test_terminal_behind_the_differ_looks_the_same(seed: int) -> None:
    rng = random.Random(seed)
    width, height = rng.choice([(60, 8), (30, 4), (80, 24)])
    straight, straight_stream = terminal(width, height)
    behind, behind_stream = terminal(width, height)
    diff = TerminalDiff()
    diff.resize(width, height)
    reader = TerminalScreen(width, height)
    written = direct = 0
    for _ in range(25):
        data = frame(rng, width, height)
        straight_stream.feed(data.replace(BEGIN, "").replace(END, ""))
        changed = diff.feed(data)
        behind_stream.feed(changed.replace(BEGIN, "").replace(END, ""))
        assert picture(behind) == picture(straight)
        reader.take(changed.encode())
        assert reader.cells == diff.cells
        written, direct = written + len(changed), direct + len(data)
    assert written < direct


def test_an_equal_frame_writes_nothing() -> None:
    diff = TerminalDiff()
    diff.resize(40, 5)
    data = f"{BEGIN}\x1b[2;3H\x1b[1;36mhello\x1b[0m{END}"
    assert diff.feed(data)
    assert diff.feed(data) == ""


def test_one_changed_digit_writes_one_cell() -> None:
    diff = TerminalDiff()
    diff.resize(40, 5)
    diff.feed("\x1b[1;1Hstep 120 of 600")
    assert diff.feed("\x1b[1;1Hstep 121 of 600") == "\x1b[1;8H1"


def test_the_end_of_a_row_is_erased_not_filled() -> None:
    diff = TerminalDiff()
    diff.resize(80, 2)
    diff.feed("\x1b[1;1H" + "x" * 80)
    assert diff.feed("\x1b[1;1Hab" + " " * 78) == "\x1b[1;1Hab\x1b[K"


def test_after_a_resize_or_a_new_screen_nothing_is_assumed() -> None:
    diff = TerminalDiff()
    diff.resize(10, 2)
    diff.feed("\x1b[1;1Hhello")
    diff.resize(12, 2)
    assert "hello" in diff.feed("\x1b[1;1Hhello")
    assert diff.feed(ALTERNATE) == ALTERNATE
    assert "hello" in diff.feed("\x1b[1;1Hhello")


def test_other_sequences_pass_in_order() -> None:
    diff = TerminalDiff()
    diff.resize(20, 2)
    diff.feed(CLEAR)
    clipboard = "\x1b]52;c;aGVsbG8=\x07"
    assert diff.feed(f"\x1b[1;1Ha{clipboard}\x1b[?25l") == f"\x1b[1;1Ha{clipboard}\x1b[?25l"


def test_text_outside_the_screen_is_left_out() -> None:
    diff = TerminalDiff()
    diff.resize(4, 2)
    diff.feed(CLEAR)
    assert diff.feed("\x1b[9;1Hgone\x1b[1;3Habcd") == "\x1b[1;3Hab"
    diff.resize(1, 1)
    assert "z" in diff.feed("\x1b[1;1Hzz")


@pytest.mark.parametrize(
    ("args", "style"),
    [
        ("1;36;49", "1;36"),
        ("39;49", ""),
        ("2;0", ""),
        ("38;5;7;1", "1;38;5;7"),
        ("48;2;1;2;3;36", "36;48;2;1;2;3"),
        ("31;39", ""),
        ("97;103", "97;103"),
    ],
)
def test_styles_have_one_form(args: str, style: str) -> None:
    assert style_of(args) == style


def test_what_is_seen_on_a_blank() -> None:
    assert on_blank("1;36") == ""
    assert on_blank("36;44") == "44"
    assert on_blank("1;7;36") == "1;7;36"
