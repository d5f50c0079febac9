"""The headline of study network: which width is being trained, then the valley, the climb to the threshold, and the second valley.

Belkin et al. 2019, arXiv:1812.11118.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, number, percent, pooled, written
from engine.phenomena.double_descent.network.landmarks import landmarks

if TYPE_CHECKING:
    from engine.phenomena.double_descent.network.study import TrainedNetworks


def clauses(study: TrainedNetworks, known: Known) -> Iterator[str]:
    """What the median curve shows so far."""
    done = study.scores.done
    if not done:
        images = f"{study.config.examples:,} images of {study.config.images}"
        yield f"{images}: training {study.widths[0]:,} of up to {study.widths[-1]:,} hidden units"
        return
    if not study.scores.complete:
        yield f"{study.widths[done - 1]:,} of up to {study.widths[-1]:,} hidden units, {study.reached[-1]:,} parameters"
        yield f"test loss {number(study.curve('test_loss')[-1])}, training loss {number(study.curve('train_loss')[-1])}"
        yield f"nK = {study.threshold:,} parameters"
        yield from pooled(study.seeds)
        return
    found, at = landmarks(np.median(study.curve("test_loss"), axis=1), study.under), study.parameters
    if found is None:
        yield f"test loss {number(study.curve('test_loss')[-1])}; no network has fewer than nK = {study.threshold:,} parameters"
    else:
        peak = f"{written(found.height)} at {at[found.peak]:,} (nK = {study.threshold:,})"
        yield f"test loss {written(found.first_low)} at {at[found.first]:,} parameters, {peak}"
        yield f"then {written(found.second_low)} at {at[found.second]:,}"
    yield f"test error ends at {percent(study.curve('test_error')[-1])}"
    yield f"weights {'re-used' if study.config.reuse else 'drawn anew'} below nK"
    yield from pooled(study.seeds)
