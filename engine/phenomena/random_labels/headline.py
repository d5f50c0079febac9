"""The headline of the randomisation test: when random labels are memorised, and what is left of the test error.

Zhang et al. 2017, arXiv:1611.03530.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, percent, pooled, when
from engine.phenomena.random_labels.conditions import RANDOM, TRUE

if TYPE_CHECKING:
    from engine.phenomena.random_labels.experiment import RandomLabels


def clauses(run: RandomLabels, known: Known) -> Iterator[str]:
    """Whether replaced labels are memorised, the test error that this leaves, that of true labels, and how much longer it takes."""
    labels = next(condition.label for condition in run.conditions if condition.name == RANDOM)
    fitted, now = run.fitted_at(RANDOM), run.history.last
    if np.isfinite(fitted).any():
        yield when(f"99 % of {labels}", "fitted", fitted, now)
    else:
        yield f"{percent(run.readings.latest('train-accuracy', RANDOM))} of {labels} fitted at step {now:,}"
    yield f"test error {known.percent('test_error_random')}, on true labels {percent(run.error(TRUE))}"
    yield f"chance {percent([1 - 1 / run.split.classes])}"
    if known.has("slowdown"):
        yield f"{known.number('slowdown')} times the steps of true labels"
    yield from pooled(run.seeds)
