"""Our reading of what programs write on a terminal, against pyte, a terminal emulator."""

import random
import sys

import pyte
import pytest

from lab.bench.pseudo_terminal import Terminal
from lab.terminal_screen import TerminalScreen

CONTROLS = (
    "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[1;31m", "\x1b[m", "\x1b[2C", "\x1b[D", "\x1b[A", "\x1b[B",
    "\x1b[E", "\x1b[2F", "\x1b[3d", "\x1b[5G", "\r", "\x08",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_random_output_reads_as_in_a_terminal_emulator(seed):
    dice = random.Random(seed)
    screen = pyte.Screen(20, 6)
    stream = pyte.ByteStream(screen)
    read = TerminalScreen(20, 6)
    pieces = []
    for _ in range(200):
        pieces += [
            f"\x1b[{dice.randint(1, 6)};{dice.randint(1, 10)}H",
            dice.choice(CONTROLS),
            dice.choice(["abc", "⠒⠤", "x", "running", "äß"]),
        ]
    data = "".join(pieces).encode()
    while data:
        cut = dice.randint(1, 7)
        read.take(data[:cut])
        stream.feed(data[:cut])
        data = data[cut:]
    assert read.text.splitlines() == screen.display


def test_words_appear_and_go_in_a_pseudo_terminal():
    script = "import sys, time\nsys.stdout.write('\\x1b[2J\\x1b[3;5Hready\\x1b[1;1H'); sys.stdout.flush()\nsys.stdin.readline()\n"
    script += "sys.stdout.write('\\x1b[3;1H\\x1b[K\\x1b[2;2Hgone'); sys.stdout.flush(); time.sleep(30)"
    with Terminal([sys.executable, "-c", script], (40, 5)) as terminal:
        first = terminal.wait_for("ready")
        pressed = terminal.press("\n")
        last = terminal.wait_for("ready", gone=True)
        terminal.wait_for("gone")
        assert terminal.begun < first < pressed < last
        assert terminal.written(terminal.begun, first + 1e-9) >= len("ready")
    assert terminal.child.poll() is not None
