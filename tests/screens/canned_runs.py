"""Rows of a run list that are made up."""

from __future__ import annotations

import time
from typing import Any

from engine.contract import Phase, Status
from screens.listed_run import ListedRun


def made(name: str, age: float = 60.0, **changes: Any) -> ListedRun:
    """A finished run of that age in seconds."""
    known = {
        "phase": Phase.FINISHED,
        "claims": {Status.HOLDS: 3},
        "phenomenon": "canned",
        "preset": "quick",
        "base": "quick",
        "seeds": (0,),
        "size": 5_000_000,
    }
    return ListedRun(name, time.time_ns() - int(age * 1e9), True, **{**known, **changes})


ALIKE = tuple(
    made(f"grokking-custom-s0x2-{place}", preset="custom", knobs={"p": "23", "width": "64", "steps": "1000", **knobs})
    for place, knobs in enumerate(({"wd": "0.5"}, {"wd": "2"}, {"fraction": "0.8", "wd": "2"}))
)
"""Three runs that share most of their knobs."""
