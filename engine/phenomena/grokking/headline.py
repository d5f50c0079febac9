"""The headline of grokking: when training pairs were memorised, and when, or whether, the held-out pairs followed.

Power et al. 2022, arXiv:2201.02177.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, percent, pooled, when
from engine.phenomena.grokking.settings import MAIN

LATER = 1.05  # times the steps from which the second jump is said to come later

if TYPE_CHECKING:
    from engine.phenomena.grokking.experiment import Grokking


def clauses(run: Grokking, known: Known) -> Iterator[str]:
    """Both jumps, and the accuracy on pairs that were not shown."""
    readings, now = run.readings, run.history.last
    memorised, grokked = readings.memorised(), readings.grokked()
    chance, shown = percent([run.chance]), "pairs" if run.images is None else "images"
    if np.isfinite(memorised).any():
        yield when(f"training {shown}", "memorised", memorised, now)
    else:
        yield f"{known.percent('train_accuracy')} of training {shown} right at step {now:,}"
    if np.isfinite(grokked).any():
        yield when("", "grokked" if run.images is None else f"{readings.percent} % of test images right", grokked, now)
    else:
        yield f"test accuracy {known.percent('test_accuracy')} at step {now:,}, chance {chance}"
    ratio = readings.delay_ratio(MAIN)
    if np.isfinite(ratio).all():
        yield f"{known.number('delay_ratio')} times as late" if np.median(ratio) >= LATER else "no delay"
    if known.has("wave_share"):
        yield f"single-frequency share {known.percent('wave_share')}"
    yield from pooled(run.seeds)
