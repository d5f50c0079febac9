"""What is said of a run: its phase, what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.config import Config
from engine.contract import Phase, Status, Verdict, counted
from engine.errors import Diverged, LabError
from engine.gpu import gpu_failed, gpu_is_full
from engine.runner.divergence import knob_to_lower

_LONGEST = 200  # characters of an error's text
_COUNTED = (
    ((Status.HOLDS,), "holds", "hold"),
    ((Status.FAILS,), "fails", "fail"),
    ((Status.PENDING, Status.CENSORED), "undecided", "undecided"),
)


@dataclass(frozen=True)
class PhaseMessage:
    """A phase with its sentence and hint. to_be_saved: it is still to be added that the state is saved, once it is."""

    phase: Phase
    sentence: str
    hint: str = ""
    to_be_saved: bool = False


NOT_STARTED = PhaseMessage(Phase.READY, "not started yet")


def finished(step: int, unit: str, verdicts: Iterable[Verdict]) -> PhaseMessage:
    """What a run that reached its end says: how many claims hold."""
    found = [verdict.status for verdict in counted(verdicts)]
    counts = [(sum(map(found.count, statuses)), one, many) for statuses, one, many in _COUNTED]
    said = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)
    return PhaseMessage(Phase.FINISHED, f"finished at {unit} {step:,}" + (f"; claims: {said}" if said else ""))


def broken(error: BaseException, step: int, unit: str, config: Config) -> PhaseMessage:
    """What a run that an exception ended says: a LabError's own words, or the type and text of a defect."""
    if isinstance(error, Diverged):
        return PhaseMessage(Phase.DIVERGED, error.message, error.hint or knob_to_lower(config))
    if isinstance(error, FloatingPointError):
        return PhaseMessage(Phase.DIVERGED, f"{error} at {unit} {step:,}", knob_to_lower(config))
    if isinstance(error, LabError):
        return PhaseMessage(Phase.FAILED, error.message, error.hint)
    if isinstance(error, MemoryError) or gpu_is_full(error):
        return PhaseMessage(Phase.FAILED, f"out of memory at {unit} {step:,}", "lower n, width or the number of seeds, or use --device cpu")
    if gpu_failed(error):
        said = f"the GPU failed at {unit} {step:,}: {str(error).strip().splitlines()[0][:_LONGEST]}"
        return PhaseMessage(Phase.FAILED, said, "genlab doctor --full tries it anew; genlab resume goes on from what was saved")
    text = (str(error).strip().splitlines() or [""])[0][:_LONGEST]
    return PhaseMessage(Phase.FAILED, f"an error inside genlab: {type(error).__name__}: {text}", "run it with --debug to see where")
