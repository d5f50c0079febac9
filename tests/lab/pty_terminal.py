"""A terminal for tests: runs a program in a pseudo-terminal, draws what it writes with pyte, and waits for what is seen."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

from tests.lab.command_line import ROOT, UNSET
from tests.lab.preloaded import programs

PATIENCE = 200.0  # seconds that a program may take from its start to its end; below the limit of a test, so that the screen is told
KEYS = {"enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f"}
KEYS |= {"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "pageup": "\x1b[5~", "pagedown": "\x1b[6~"}
KEYS |= {"comma": ",", "full_stop": ".", "plus": "+", "minus": "-", "question_mark": "?", "equals_sign": "="}
# What pyte would print as text: keyboard protocols, queries, strings of the operating system.
NOISE = re.compile(rb"\x1b\[[<>=?]\d*(?:;\d+)*u|\x1b\[\?\d+\$p|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\")
MODES = (1049, 1000, 1003, 1006, 1004, 2004)


class Terminal:
    """A program and the screen it draws on.

    Args:
        module, args: a module that is run, and its arguments.
        anew: whether it is started as a fresh interpreter, not forked from one that has loaded the app.

    Attributes:
        raw: every byte that the program wrote.
    """

    def __init__(
        self, module: str, *args: str, size: tuple[int, int] = (80, 24), runs: Path | None = None, anew: bool = False, **environ: str
    ) -> None:
        env = {name: value for name, value in os.environ.items() if name not in UNSET}
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        if runs is not None:
            env["GENLAB_RUNS"] = str(runs)
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, size[::-1])
        self.before = termios.tcgetattr(self.master)
        self.programs = programs()
        self.pid = self.programs.start(tty=os.ttyname(slave), module=module, args=args, environ=env | environ, anew=anew)
        self._slave: int | None = slave
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self._rest = b""
        self.open = True
        self._deadline = time.monotonic() + PATIENCE

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            self.until(lambda: not self.alive, "the end of the process")
        self.hang_up()

    @property
    def alive(self) -> bool:
        """Whether the program goes on."""
        return self.programs.code(self.pid) is None

    def hang_up(self) -> None:
        """Take the terminal away from the program, as a lost connection does."""
        self._let_go()
        self.open = False
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def _let_go(self) -> None:
        """Close our side of the terminal's end, which was kept until the program had it: the last one closes the terminal."""
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def pump(self, seconds: float = 0.02) -> None:
        """Read what the program writes within a moment."""
        if not self.open or not select.select([self.master], [], [], seconds)[0]:
            return
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        if not data:
            self.open = False
            return
        self._let_go()  # it has written, so it has the terminal
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
            ended = not self.alive and not (self.open and select.select([self.master], [], [], 0)[0])
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
            os.write(self.master, code.encode())
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
        termios.tcsetwinsize(self.master, (height, width))

    def kill(self, number: int) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Read to the end of the program and return its exit status."""
        self.until(lambda: not self.open or not self.alive, "the end of the program")
        while self.open and select.select([self.master], [], [], 0.1)[0]:
            self.pump()
        self.until(lambda: not self.alive, "the end of the process")
        code = self.programs.code(self.pid)
        assert code is not None and code >= 0, f"ended by signal {-(code or 0)}"
        return code

    def last_words(self) -> str:
        """What was written after the terminal's main screen was back."""
        return self.raw[self.raw.rfind(b"\x1b[?1049l") :].decode(errors="replace")

    def assert_restored(self) -> None:
        """The modes that were switched on are off again, and the cursor is back."""
        for mode in MODES:
            on, off = self.raw.rfind(f"\x1b[?{mode}h".encode()), self.raw.rfind(f"\x1b[?{mode}l".encode())
            assert off > on or on < 0, f"mode {mode} was left on"
        assert self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l"), "the cursor was left hidden"
        assert termios.tcgetattr(self.master)[3] == self.before[3], "the line discipline was left raw"
