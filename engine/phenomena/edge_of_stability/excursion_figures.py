"""Curves of what follows when eta S has passed 2: the quadratic model beside the network, and how displacement lowers the sharpness.

Cohen et al. 2021, arXiv:2103.00065; Damian et al. 2023, arXiv:2209.15594.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from engine.phenomena.edge_of_stability.figures import TALL

if TYPE_CHECKING:
    from engine.phenomena.edge_of_stability.excursions import Excursion
    from engine.phenomena.edge_of_stability.experiment import EdgeOfStability

Floats = NDArray[np.float64]
LAST = 50  # steps over which the model's growth is read
LARGEST = 1e250  # loss of the model of which a ratio is still a number
SEEN = 1e-4  # of the largest displacement squared: where the cubic term can be told from the slow sharpening


def growth(one: Excursion) -> float:
    """Of the model's loss a step, over its last 50 steps with numbers that can be represented; nan where there are fewer.

    Of long steps it overflows within 300 of them.
    """
    model = one.model[: int(np.argmax([*~(np.abs(one.model) < LARGEST), True]))]
    ratio = model[-1] / model[-1 - LAST] if len(model) > LAST else np.nan
    return float(ratio ** (1 / LAST)) if ratio > 0 else float("nan")


def over_first(losses: Floats) -> Floats:
    """Losses over the first one; nan of a first one that is 0."""
    return losses / losses[0] if losses[0] else np.full_like(losses, np.nan)


def changes(one: Excursion) -> tuple[Floats, Floats]:
    """Return `x(t-1)^2 + x(t)^2` and `S(t+1) - S(t-1)`, (k,) each, where it is displaced.

    Displaced: that sum at least a ten-thousandth of its largest. By Damian et al. every step at a displacement x lowers S in proportion to
    x^2. Part of S follows x itself, which changes its sign at every step: S is compared over two of them, and both are counted.
    """
    squares, change = one.displacement[:-2] ** 2 + one.displacement[1:-1] ** 2, one.sharpness[2:] - one.sharpness[:-2]
    finite = np.isfinite(squares) & np.isfinite(change)
    squares, change = squares[finite], change[finite]
    displaced = squares >= SEEN * squares.max(initial=0.0)
    return squares[displaced], change[displaced]


def curves(run: EdgeOfStability) -> Iterator[Series]:
    """Losses of model and network, over the first one; changes of S over squared displacements. Nothing before an edge is passed."""
    found, of = list(run.excursions.values()), run.followed.label
    if not found:
        return
    seeds = f"{len(found)} seeds" if len(found) > 1 else ""
    squares, change = (np.concatenate(parts) for parts in zip(*(changes(one) for one in found), strict=True))
    for way, group, seen in (("falls", run.followed.name, change < 0), ("rises", "rises", change > 0)):  # apart: both axes are logarithmic
        if seen.any():
            label = f"S {way}, {of}"
            yield Series(f"displacement/{way}", label, squares[seen], np.abs(change[seen]), style="points", group=group)
    for name, group, label, losses in (
        ("model", "model", "quadratic model", np.stack([over_first(one.model) for one in found])),
        ("network", run.followed.name, f"network, {of}", np.stack([over_first(one.network) for one in found])),
    ):
        steps = np.arange(losses.shape[1], dtype=np.float64)
        drawn = steps < steps.size if name == "network" else np.median(losses, axis=0) <= TALL
        drawn &= (np.isfinite(losses) & (losses > 0)).all(axis=0)  # where the Hessian has negative eigenvalues, so may the model's loss be
        if not drawn.any():
            continue
        top = losses.max(axis=0)[drawn]
        lo, hi = (losses.min(axis=0)[drawn], top if name == "network" else np.minimum(top, TALL)) if seeds else (None, None)
        yield Series(f"contrast/{name}", label, steps[drawn], np.median(losses, axis=0)[drawn], lo, hi,
                     f"median, range of {seeds}" if seeds else "", group=group)  # fmt: skip
