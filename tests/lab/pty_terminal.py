"""A terminal for tests: runs a program in a pseudo-terminal, draws what it writes with pyte, and waits for what is seen."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte
from ptyprocess import PtyProcess

from tests.lab.command_line import ROOT, UNSET

PATIENCE = 200.0  # seconds that a program may take from its start to its end; below the limit of a test, so that the screen is told
KEYS = {"enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f"}
KEYS |= {"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "pageup": "\x1b[5~", "pagedown": "\x1b[6~"}
KEYS |= {"comma": ",", "full_stop": ".", "plus": "+", "minus": "-", "question_mark": "?", "equals_sign": "="}
# What pyte would print as text: keyboard protocols, queries, strings of the operating system.
NOISE = re.compile(rb"\x1b\[[<>=?]\d*(?:;\d+)*u|\x1b\[\?\d+\$p|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\")
MODES = (1049, 1000, 1003, 1006, 1004, 2004)


class Terminal:
    """A program and the screen it draws on.

    Attributes:
        raw: every byte that the program wrote.
    """

    def __init__(self, *command: str, size: tuple[int, int] = (80, 24), runs: Path | None = None, **environ: str) -> None:
        env = {name: value for name, value in os.environ.items() if name not in UNSET}
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        if runs is not None:
            env["GENLAB_RUNS"] = str(runs)
        self.child = PtyProcess.spawn([sys.executable, *command], dimensions=size[::-1], env=env | environ, cwd=str(ROOT))
        self.before = termios.tcgetattr(self.child.fd)
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self._rest = b""
        self.open = True
        self._deadline = time.monotonic() + PATIENCE

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
        if not self.child.closed:
            with contextlib.suppress(OSError):
                self.child.close(force=True)

    def hang_up(self) -> None:
        """Take the terminal away from the program, as a lost connection does."""
        self.open = False
        self.child.fileobj.close()
        self.child.closed = True

    def pump(self, seconds: float = 0.02) -> None:
        """Read what the program writes within a moment."""
        if not self.open or not select.select([self.child.fd], [], [], seconds)[0]:
            return
        try:
            data = self.child.read(65536)
        except (EOFError, OSError):
            self.open = False
            return
        self.raw.extend(data)
        data = self._rest + data
        cut = data.rfind(b"\x1b") if b"\x1b" in data[-32:] else len(data)  # an unfinished sequence waits for its end
        data, self._rest = data[:cut], data[cut:]
        self._stream.feed(NOISE.sub(b"", data))
        if re.fullmatch(rb"\x1b\[[\d;?]*[A-Za-z].*", self._rest, re.DOTALL):
            self._stream.feed(NOISE.sub(b"", self._rest))
            self._rest = b""

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Read until a condition holds; fail at once where it no longer can, because the program has ended."""
        while not condition():
            missing = f"{what or 'the awaited condition'} never came; the screen shows:\n{self.text}"
            assert time.monotonic() < self._deadline, missing
            ended = not self.child.isalive() and not (self.open and select.select([self.child.fd], [], [], 0)[0])
            self.pump()
            assert not ended or condition(), missing

    def shows(self, *words: str) -> None:
        """Read until all these words are on the screen."""
        self.until(lambda: all(word in self.text for word in words), f"{words}")

    @property
    def text(self) -> str:
        """The characters on the screen."""
        return "\n".join(self.screen.display)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, each after what the one before drew."""
        for key in keys:
            code = KEYS.get(key) or (chr(ord(key[-1]) & 31) if key.startswith("ctrl+") else key)
            self.child.write(code.encode())
            self.pump(0.1)
            if key == "escape":
                self.pump(0.2)  # a terminal tells a lone escape from the beginning of a sequence by a pause

    def escape_to(self, *words: str) -> None:
        """Press escape, again and again, until all these words are on the screen."""
        pressed = 0.0

        def there() -> bool:
            nonlocal pressed
            found = all(word in self.text for word in words)
            if not found and time.monotonic() > pressed + 0.5:
                self.press("escape")
                pressed = time.monotonic()
            return found

        self.until(there, f"{words}")

    def resize(self, width: int, height: int) -> None:
        """Change the size of the terminal."""
        self.screen.resize(height, width)
        self.child.setwinsize(height, width)

    def end(self) -> int:
        """Read to the end of the program and return its exit status."""
        self.until(lambda: not self.open or not self.child.isalive(), "the end of the program")
        while self.open and select.select([self.child.fd], [], [], 0.1)[0]:
            self.pump()
        self.until(lambda: not self.child.isalive(), "the end of the process")
        assert self.child.signalstatus is None, f"ended by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)

    def last_words(self) -> str:
        """What was written after the terminal's main screen was back."""
        return self.raw[self.raw.rfind(b"\x1b[?1049l") :].decode(errors="replace")

    def assert_restored(self) -> None:
        """The modes that were switched on are off again, and the cursor is back."""
        for mode in MODES:
            on, off = self.raw.rfind(f"\x1b[?{mode}h".encode()), self.raw.rfind(f"\x1b[?{mode}l".encode())
            assert off > on or on < 0, f"mode {mode} was left on"
        assert self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l"), "the cursor was left hidden"
        assert termios.tcgetattr(self.child.fd)[3] == self.before[3], "the line discipline was left raw"
