"""The first moments of a command: three standard streams that are there, and a ctrl+c that is one line from the first instruction on.

Imports only what Python itself has imported at its start, and is imported before everything else.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

INTERRUPTED = 130  # engine.errors.Exit.INTERRUPTED
PROGRAMS = ("genlab", "__main__.py")  # what this process is called where it is the command, not somebody who imports it
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
_beyond = False  # whether a command is at work, which cleans up behind itself
_raised = False  # whether an interrupt became an exception
_code = INTERRUPTED  # the exit code of a command that has ended


class SilentStream:
    """A stream that drops what it cannot write: what cannot be said on standard error ends nothing."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        try:  # noqa: SIM105
            self._stream.write(text)
        except (OSError, ValueError):
            pass
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write what can be written."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush what can be flushed."""
        try:  # noqa: SIM105
            self._stream.flush()
        except (OSError, ValueError):
            pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def begin() -> None:
    """Open the standard streams that were closed onto nothing, so that no file takes their place, and make standard error silent."""
    for number in range(len(STREAMS)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the least number that is free, which is this one
            os.set_inheritable(number, True)
    for number, (name, mode) in enumerate(STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    if not isinstance(sys.stderr, SilentStream):
        sys.stderr = SilentStream(sys.stderr)


def hear_interrupts() -> None:
    """Let ctrl+c end this process with a line instead of a traceback, where it is the command and nobody else hears it.

    SIGTERM and SIGHUP do the same: a scheduler that stops a command at its very end, or before it listens, gets a word and the code too.
    """
    if os.path.basename(sys.argv[0]) not in PROGRAMS:  # noqa: PTH119
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background job ignores it
        signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = _unraisable
    atexit.register(_keep_code)  # the first to be registered, so the last to be called
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores the one
            signal.signal(number, _interrupted)


def command_begins() -> None:
    """From here on an interrupt is an exception, so that what was begun is cleaned up."""
    global _beyond, _raised
    _beyond, _raised = True, False


def interrupted() -> bool:
    """Whether an interrupt became an exception: of one that comes within a `__del__` or a callback, Python drops that and goes on."""
    return _raised


def command_ended(code: int = INTERRUPTED) -> None:
    """Nothing is left to be cleaned up."""
    global _beyond, _code
    _beyond, _code = False, code


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Show what nobody can catch, but for an interrupt, of which its line was said."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)


def _keep_code() -> None:
    """Keep the exit code of a command that is done from what the interpreter's own end does about interrupts.

    It gives signals back to the system, so that one would kill; and where a KeyboardInterrupt came through an `exec` or `eval` of a
    text, it kills itself with SIGINT, although that was caught.
    """
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_IGN)
    if _raised:
        for stream in (sys.stdout, sys.stderr):
            try:  # noqa: SIM105
                stream.flush()
            except (OSError, ValueError, AttributeError):
                pass
        os._exit(_code)


def _interrupted(number: int, frame: FrameType | None) -> None:
    global _raised
    if not _beyond or _importing(frame):
        _leave()
    _raised = True
    command_ended()  # the second one does not wait
    _say()
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported, which answers an exception with tracebacks of its own."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _say() -> None:
    try:  # noqa: SIM105
        os.write(2, b"genlab: interrupted\n")
    except OSError:
        pass


def _leave() -> NoReturn:
    _say()
    os._exit(INTERRUPTED)
