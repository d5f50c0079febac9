"""How the signal |b|^2 = r2 is spread over D features that are then fitted in order, p = 0..D.

`flat` spreads it evenly; `head` puts a share on the first few features and the rest evenly on all D, so that a first
valley exists left of the threshold; `well-specified` means that whatever is fitted carries all of it (nothing omitted).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.theory.conditions import Floats, number, require

Profile = Literal["flat", "head", "well-specified"]


def coefficients(profile: Profile, D: int, r2: float = 1.0, head_k: int = 10, head_share: float = 0.15) -> Floats:
    """Return b (D,) with |b|^2 = r2, all entries of one sign (Gaussian features do not see signs).

    Raises:
        ProblemError: D below 2, head_k outside 1..D, or head_share outside 0..1.
    """
    require(D >= 2, f"the number of features D must be at least 2, got {D}")
    energy = np.full(D, number("the signal r2", r2, least=0) / D)
    if profile == "head":
        require(1 <= head_k <= D, f"head_k must lie in 1..{D}, got {head_k}")
        require(0 <= head_share <= 1, f"head_share must lie in 0..1, got {head_share:g}")
        energy *= 1 - head_share
        energy[:head_k] += r2 * head_share / head_k
    return np.asarray(np.sqrt(energy))


def used_and_omitted(profile: Profile, b: Floats) -> tuple[Floats, Floats]:
    """Return |b_T|^2 and |b_C|^2, (D+1,) each, when the first p = 0..D features are fitted.

    Well-specified problems are redrawn for each p with all of r2 on the p features, except that p = 0 omits everything.
    """
    energy = b**2
    used = np.concatenate([[0.0], np.cumsum(energy)])
    omitted = np.concatenate([np.cumsum(energy[::-1])[::-1], [0.0]])  # summed from the end: exactly 0 at p = D
    if profile == "well-specified":
        used[1:], omitted[1:] = used[-1], 0.0
    return used, omitted
