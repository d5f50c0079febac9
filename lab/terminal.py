"""The terminal around the app: what it can show, a writer that survives its loss, and giving it back whatever happens.

SIGTERM, SIGHUP and ctrl+c end the app in the ordinary way. A watchdog thread gives the terminal back and saves the runs if
the interface does not answer in time, for example because it hangs in a write to a dead connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver

from lab.output import plain
from lab.terminal_answers import Answer
from lab.terminal_diff import TerminalDiff
from lab.terminal_input import TerminalInput

PATIENCE = 1.5  # seconds that the interface has to end by itself after a signal
# Bracketed paste, mouse, focus reports, in-band resize and keyboard protocol off; line wrap, cursor and main screen back.
OFF = (2004, 1000, 1003, 1015, 1006, 1016, 1004, 2048)
RESTORE = "".join(f"\x1b[?{mode}l" for mode in OFF) + "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
TMUX_PATIENCE = 0.5  # seconds; the screen stands still meanwhile
LOOK = 0.1  # seconds between looks at a terminal that says nothing: an escape alone is told from the beginning of a sequence by them
READ = 4096  # bytes at once
ENDING = ("SIGTERM", "SIGHUP", "SIGINT")


class LastingFile:
    """Writes to the terminal until it is gone; from then on writes go nowhere, so that the app can still save and end.

    Attributes:
        count: characters written so far.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.gone = False
        self.count = 0

    def write(self, text: str) -> None:
        """Write, or drop what a lost terminal cannot take."""
        self.count += len(text)
        if not self.gone:
            try:
                self._file.write(text)
            except (OSError, ValueError):
                self.gone = True

    def flush(self) -> None:
        """Flush, unless the terminal is lost."""
        if not self.gone:
            try:
                self._file.flush()
            except (OSError, ValueError):
                self.gone = True

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._file.fileno()


class LabDriver(LinuxDriver):
    """Textual's driver, writing only changed cells, over a file that outlives the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file: Any = LastingFile(self._file)
        self.diff = TerminalDiff()
        self._suspended = False
        self._typed: TerminalInput | None = None

    def _sigtstp_application(self, *given: Any) -> None:
        """Give the terminal back, and stop."""
        self._suspended = True
        super()._sigtstp_application(*given)

    def _sigcont_application(self, *_: Any) -> None:
        """Take the terminal again after a stop, from within the loop: one that hangs up sends this signal too, while the app ends."""
        with contextlib.suppress(RuntimeError):  # no loop: the app has ended
            asyncio.get_running_loop().call_soon_threadsafe(self._come_back)

    def _come_back(self) -> None:
        if self._app._exit:
            return
        if not self._suspended:  # stopped without being told (SIGSTOP): whoever had the terminal since has changed its modes
            self.suspend_application_mode()
        self._suspended = False
        self._must_signal_resume = True  # draws everything
        self.diff.forget()
        self.resume_application_mode()

    def write(self, data: str) -> None:
        """Write what changes on the screen."""
        self.diff.resize(*self._app.size)
        changed = self.diff.feed(data)
        if changed:
            super().write(changed)

    def write_past(self, data: str) -> None:
        """Write what is no text, such as a picture; of what it covers nothing is known."""
        super().write(data)
        self.flush()

    def ask(self, question: str) -> None:
        """Ask the terminal something; the app hears what it answers."""
        if self._typed is not None:
            self._typed.answers.expect()
        self.write_past(question)

    def run_input_thread(self) -> None:
        """Read keys until the app ends, or the terminal is gone.

        Raises:
            OSError: the terminal is gone.
        """
        typed = self._typed = TerminalInput(_interrupt, self._answered)
        stands: threading.Event | None = getattr(self._app, "stands", None)
        if getattr(self._app, "follows", False):  # an answer may still come
            typed.answers.expect()
        waiting = list(typed.read(ahead)) if (ahead := getattr(self._app, "typed_ahead", b"")) else []
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                waiting += typed.read(os.read(self.fileno, READ) if selector.select(LOOK) else b"")
                if stands is None or stands.is_set():  # a key that comes before there is a screen would do nothing
                    for message in waiting:
                        self.process_message(message)
                    waiting.clear()

    def _answered(self, answer: Answer) -> None:
        """Hand what the terminal answered to the app, in its own thread."""
        hear = getattr(self._app, "hear", None)
        if hear is not None:
            self._loop.call_soon_threadsafe(hear, answer)


def _interrupt() -> None:
    """Do what ctrl+c does in every program: the signal ends the app even where its own messages are behind."""
    os.kill(os.getpid(), signal.SIGINT)


class Guard:
    """Ends the app on a signal and makes sure that it ends.

    Args:
        leave: asks the app to end; called in the main thread, between two bytecodes.
        save: stops and saves every run and returns what is to be said of them; called in the watchdog's thread if the app does not end.
    """

    def __init__(self, leave: Callable[[], None], save: Callable[[], Sequence[str]]) -> None:
        self.interrupted = ""
        self._leave = leave
        self._save = save
        self._ended = threading.Event()
        self._before: dict[int, Any] = {}
        self._modes = _terminal_modes()

    def __enter__(self) -> Guard:
        for name in ENDING:
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._modes is not None:
            _set_modes(self._modes)

    def _caught(self, number: int, _: object) -> None:
        again = bool(self.interrupted)
        self.interrupted = signal.Signals(number).name
        if again:
            return
        threading.Thread(target=self._watch, name="genlab-watchdog", daemon=True).start()
        self._leave()

    def _watch(self) -> None:
        if not self._ended.wait(PATIENCE):
            self._force()

    def _force(self) -> None:
        """Give the terminal back and end the process from here, the runs saved."""
        if self._modes is not None:
            _set_modes(self._modes)
        write_restored()
        with contextlib.suppress(Exception):
            write_now("".join(f"{plain(sentence)}\n" for sentence in self._save()))
        os._exit(130)


def write_restored() -> None:
    """Switch the terminal's modes back."""
    write_now(RESTORE)


def write_now(text: str) -> None:
    """Write to the terminal, past every stream, in one write that does not wait."""
    with contextlib.suppress(OSError):
        descriptor = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(descriptor, text.encode(errors="replace"))
        finally:
            os.close(descriptor)


def _terminal_modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ else None
    except (termios.error, OSError, ValueError):
        return None


def _set_modes(modes: list[Any]) -> None:
    with contextlib.suppress(termios.error, OSError, ValueError, AttributeError):
        termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, modes)  # type: ignore[union-attr]


def load_tmux_buffer(text: str) -> bool:
    """Give a text to the tmux around, which drops what programs copy by its default settings; whether it took it."""
    if not os.environ.get("TMUX"):
        return False
    for options in (["-w"], []):  # -w also sends it to the terminal outside; before tmux 3.2 there is no such option
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = ["tmux", "load-buffer", *options, "-"]
            if subprocess.run(command, input=text.encode(), capture_output=True, timeout=TMUX_PATIENCE, check=False).returncode == 0:
                return True
    return False


def is_terminal() -> bool:
    """Whether there is a terminal to read keys from and to draw on."""
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    return all(stream is not None and stream.isatty() for stream in streams) and os.environ.get("TERM", "dumb") != "dumb"
