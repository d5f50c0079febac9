"""The sentences that go with a phase: what happened, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.config import Config
from engine.contract import Phase, Verdict
from engine.errors import Diverged, LabError

_RATES = ("lr", "learning_rate", "eta", "step_size")  # knobs that make training diverge when they are too high
_LONGEST = 200


@dataclass(frozen=True)
class Standing:
    """A phase with its sentence and hint."""

    phase: Phase
    sentence: str
    hint: str = ""


def finished(step: int, unit: str, verdicts: Iterable[Verdict]) -> Standing:
    """What a run that reached its end says: how many claims hold."""
    marks = [verdict.mark for verdict in verdicts]
    verbs = (("yes", "holds", "hold"), ("no", "fails", "fail"), ("not yet", "undecided", "undecided"))
    said = [f"{marks.count(mark)} {one if marks.count(mark) == 1 else many}" for mark, one, many in verbs if mark in marks]
    return Standing(Phase.FINISHED, f"finished at {unit} {step:,}" + (f"; claims: {', '.join(said)}" if said else ""))


def trouble(error: BaseException, step: int, unit: str, config: Config) -> Standing:
    """What a run that an exception ended says: a LabError's own words, or the type and text of a defect."""
    if isinstance(error, Diverged | FloatingPointError):
        message = error.message if isinstance(error, Diverged) else str(error)
        told = any(f"{unit} {number}" in message for number in (step, f"{step:,}"))
        hint = error.hint if isinstance(error, Diverged) and error.hint else lower(config)
        return Standing(Phase.DIVERGED, message if told else f"{message} at {unit} {step:,}", hint)
    if isinstance(error, LabError):
        return Standing(Phase.FAILED, error.message, error.hint)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return Standing(Phase.FAILED, f"out of memory at {unit} {step:,}", "lower n, width or the number of seeds, or use --device cpu")
    text = (str(error).strip().splitlines() or [""])[0][:_LONGEST]
    return Standing(Phase.FAILED, f"an error inside genlab: {type(error).__name__}: {text}", "run it with --debug to see where")


def lower(config: Config) -> str:
    """Return which knob to lower when training diverged."""
    for item in type(config).knobs():
        if item.name in _RATES:
            return f"lower {item.label} (it is {item.format(getattr(config, item.name))})"
    return "lower the learning rate"


def require_finite(values: Mapping[str, Any]) -> None:
    """Check that no loss is lost: a quantity with `loss` in its name, not finite in any member.

    Raises:
        Diverged: names the quantity.
    """
    for name, value in values.items():
        members = value if isinstance(value, list) else [value]
        numbers = [item for item in members if isinstance(item, int | float)]
        if "loss" in name and numbers and not any(math.isfinite(item) for item in numbers):
            raise Diverged(f"{name.replace('-', ' ').replace('_', ' ')} is no longer a finite number")
