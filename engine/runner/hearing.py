"""What is wished of a run while it works: by messages of this process, and by requests of others in its folder."""

from __future__ import annotations

from collections.abc import Callable

from engine.contract import Pause, Resume, Stop
from engine.interruption import never
from engine.runner.mailbox import Mailbox
from engine.runner.timing import Throttle
from engine.store import Request

HEARING = 0.1  # seconds between looks whether another process asks for something
COMMANDS: dict[Request, Pause | Resume | Stop] = {
    Request.PAUSE: Pause(elsewhere=True), Request.RESUME: Resume(elsewhere=True), Request.STOP: Stop(elsewhere=True),
}  # fmt: skip


class Hearing:
    """Brings requests of other processes into the mailbox, whoever asks whether something is wished.

    Args:
        mailbox: where wishes lie.
        asked: takes what another process has asked for.

    Attributes:
        outside: whether everything in this process should stop, as after a signal; heard once.
    """

    def __init__(self, mailbox: Mailbox, asked: Callable[[], Request | None]) -> None:
        self.outside: Callable[[], bool] = never
        self._told = False
        self._mailbox = mailbox
        self._asked = asked
        self._clock = Throttle(HEARING, at_once=True)

    def hear(self) -> None:
        """Take what another process asks for, if it is time to look."""
        if not self._told and self.outside():
            self._told = True
            self._mailbox.post(Stop())
        if not self._clock.due():
            return
        with self._clock.spending():
            request = self._asked()
        if request is not None:
            self._mailbox.post(COMMANDS[request])

    def stop_wanted(self) -> bool:
        """Whether somebody waits for the run to stop; asked often, from within long work."""
        self.hear()
        return self._mailbox.stop_wanted()

    def change_wanted(self) -> bool:
        """Whether somebody wants something else than what is being built."""
        self.hear()
        return self._mailbox.change_wanted()
