"""A program in a pseudo-terminal: what it writes with the time of each piece, keys pressed into it. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from engine.errors import LabError
from lab.terminal_screen import TerminalScreen

# What terminals are asked at the start, and say at once: the background, and what they are.
ANSWERS = {b"\x1b]11;?": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", b"\x1b[c": b"\x1b[?62;22c"}


class Terminal:
    """Runs a command as if a person sat before it.

    Args:
        command: program and arguments.
        size: columns and rows.
        environ: variables on top of the present ones.
    """

    def __init__(self, command: Sequence[str], size: tuple[int, int], environ: Mapping[str, str] | None = None) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        dropped = ("NO_COLOR", "COLUMNS", "LINES", "LC_ALL", "LC_CTYPE", "GENLAB_ASCII")
        env = {**{name: value for name, value in os.environ.items() if name not in dropped}, **usual, **(environ or {})}
        self.begun = time.perf_counter()
        self.child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
        os.close(slave)
        self.pieces: list[tuple[float, bytes]] = []
        self.screen = TerminalScreen(*size)
        self.seen = 0  # pieces that are on the screen
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def press(self, keys: str) -> float:
        """Send keys and return the time they were sent (perf_counter seconds)."""
        now = time.perf_counter()
        os.write(self.master, keys.encode())
        return now

    def wait_for(self, words: str, *, gone: bool = False, timeout: float = 30.0) -> float:
        """Return when (perf_counter seconds) the piece came with which the words stood on the screen, or no longer do.

        Raises:
            LabError: that did not happen within the timeout.
        """
        end = time.perf_counter() + timeout
        when = time.perf_counter()
        while (words in self.screen.text) is gone:
            if self.seen < len(self.pieces):
                when, piece = self.pieces[self.seen]
                self.screen.take(piece)
                self.seen += 1
            elif time.perf_counter() > end or not self.reader.is_alive():
                what = f"still showed {words!r} after" if gone else f"did not show {words!r} within"
                raise LabError(f"the app {what} {timeout:g} s", "Try it by hand: genlab")
            else:
                time.sleep(0.001)
        return when

    def wait_for_end(self, timeout: float) -> None:
        """Wait until the program has ended by itself.

        Raises:
            LabError: it goes on.
        """
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"the program did not end within {timeout:g} s") from None

    def written(self, since: float, until: float) -> int:
        """Bytes written between two times."""
        return sum(len(piece) for when, piece in list(self.pieces) if since <= when < until)

    def close(self) -> None:
        """Ask the program to end, then make it."""
        for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
            if self.child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    self.child.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.child.wait(patience)
        self.reader.join(5.0)
        with contextlib.suppress(OSError):
            os.close(self.master)

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self.master], [], [], 0.2)
            if not ready:
                if self.child.poll() is not None:
                    return
                continue
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # the other side is closed
                return
            if not piece:
                return
            self.pieces.append((time.perf_counter(), piece))
            for question, answer in ANSWERS.items():
                if question in piece:
                    os.write(self.master, answer)
