"""What of a run is kept when it is left: from what is on the disk, not from what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract import Phase, Snapshot
from engine.store import called


@dataclass(frozen=True)
class Kept:
    """The truth about a run that is being left.

    last: as it was seen last. saved: the step that a resumed run goes on from; None where no state is on the disk.
    stuck: whether its thread is still inside work that cannot be cut; then the process must be left with `engine.leaving.leave`.
    """

    last: Snapshot
    saved: int | None
    stuck: bool

    @property
    def complete(self) -> bool:
        """Whether everything that was meant to be stored is."""
        return not self.last.unstored and not (self.stuck and not self.last.phase.over)

    @property
    def resumable(self) -> bool:
        """Whether `genlab resume` has something to go on from."""
        return self.saved is not None and self.last.phase is not Phase.FINISHED

    @property
    def sentence(self) -> str:
        """What is kept, for a person: `grokking-quick-s0 is cut off; its state of step 1,200 is saved`."""
        last = self.last
        if not last.folder:
            return f"{last.run} is not stored"
        if self.saved is None:
            return f"{last.run} is {last.unstored}" if last.unstored else f"{last.run} has no saved state"
        where = f"its state of {last.unit} {self.saved:,} is saved"
        if self.stuck and not last.phase.over:
            return f"{last.run} is cut off within work that cannot be interrupted; {where}"
        if last.unstored:
            return f"{last.run} is {last.unstored} Before that, {where}"
        return f"{last.run} is finished and stored" if last.phase is Phase.FINISHED else f"{last.run} is {last.phase}; {where}"

    @property
    def hint(self) -> str:
        """The command that goes on with it, or shows it; empty where there is none."""
        if not self.last.folder:
            return ""
        return f"genlab {'resume' if self.resumable else 'show'} {called(Path(self.last.folder))}"
