"""How long a sweep will take on this machine, as far as anybody knows."""

from __future__ import annotations

import numpy as np

from engine.estimates import estimate, rounded
from engine.sweeps.plan import Plan

LOOKED_AT = 16  # points, spread over the grid
GUESS = 5.0  # seconds a point, where nobody knows


def expected(plan: Plan, workers: int, device: str) -> str:
    """Return the time of all points as words: `about 20 min`, or `20 min if a point takes 5 s` where that is a guess."""
    places = np.unique(np.linspace(0, len(plan.points) - 1, LOOKED_AT).round().astype(int)).tolist()
    found = [estimate(plan.spec, plan.points[place].config, len(plan.seeds), device) for place in places]
    known = [one.seconds for one in found if one is not None]
    each = sum(known) / len(known) if known else GUESS
    total = rounded(each * len(plan.points) / max(1, min(workers, len(plan.points))))
    return f"about {total}" if known else f"{total} if a point takes {rounded(GUESS)}"
