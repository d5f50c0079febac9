"""Why do overparameterized models generalize? genlab from Python: run a phenomenon, look at a stored run.

    import genlab

    genlab.phenomena()                                            # what can be run, with its question
    outcome = genlab.run("min-norm", n=30, d=120, seed=7)         # the same numbers as on the screen
    outcome.series, outcome.arrays, outcome.verdicts
    genlab.load("min-norm-custom-s7")                             # the same of a run that was stored
    genlab.sweep("double-descent", grid={"sigma": [.1, .3]})      # a grid of knob values: points, values, frame, plot

Everything is imported when it is first asked for, so that `import genlab` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as of typing, which is not imported for it: the command hears ctrl+c only once this module is read
if TYPE_CHECKING:
    from typing import Any

    from engine.errors import DataError, Diverged, KnobError, LabError, ProblemError, StoreError, UsageError
    from genlab.catalogue import phenomena
    from genlab.outcome import Outcome, load, run
    from genlab.sweeping import SweepOutcome, load_sweep, sweep

__all__ = [
    "DataError", "Diverged", "KnobError", "LabError", "Outcome", "ProblemError", "StoreError", "SweepOutcome", "UsageError", "load",
    "load_sweep", "phenomena", "run", "sweep",
]  # fmt: skip
PLACES = {
    "phenomena": "genlab.catalogue", "Outcome": "genlab.outcome", "load": "genlab.outcome", "run": "genlab.outcome",
    "SweepOutcome": "genlab.sweeping", "load_sweep": "genlab.sweeping", "sweep": "genlab.sweeping",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'genlab' has no attribute {name!r}")
    import importlib

    from genlab.own_packages import misplaced

    wrong = misplaced()
    if wrong:
        raise ImportError(f"{wrong[0].sentence}. {wrong[0].hint}")
    return getattr(importlib.import_module(PLACES.get(name, "engine.errors")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
