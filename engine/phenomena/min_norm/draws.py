"""Exercise 1: the norm of the interpolator against d, in one draw whose columns grow in number and on average over draws.

One draw: y fixed, columns appended; the norm can only fall. Many draws: independent at every d, whose mean square is known exactly
(`norm_law`). Draw j of K seeds is draw j // K of seed j mod K, each at every d from a generator of its own.

Shapes: widths (k,), squared norms (draws, k).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.state import State
from engine.theory.linear_models.norm_law import squared_norm_draws

LEAST = 4  # d - n from which the squared norm has a variance, so that a standard error means something
MOST_NESTED = 40  # widths of the nested draw
DRAWN = 14  # widths of the draws


def nested_widths(n: int, d: int, top: int) -> NDArray[np.int64]:
    """Return d - n = 0, 1, 2, ... ever sparser, d itself among them, up to `top`."""
    if top == n:
        return np.array([n])
    steps = np.geomspace(1, top - n, MOST_NESTED).round().astype(np.int64)
    return np.unique(np.concatenate([[n, d, top], n + steps]))


def drawn_widths(n: int, d: int, top: int) -> NDArray[np.int64]:
    """Return the widths of the draws: from n + 4, with n + 10, 2n, d where they are larger."""
    if top - n < LEAST:
        return np.zeros(0, dtype=np.int64)
    steps = np.geomspace(LEAST, top - n, DRAWN).round().astype(np.int64)
    special = [width for width in (n + 10, 2 * n, d, top) if width >= n + LEAST]
    return np.unique(np.concatenate([n + steps, special]))


class NormDraws:
    """|w*|^2 of independent draws; a step is one draw at one width.

    Attributes:
        squares: (draws, widths), those of the first `done` draws filled.
    """

    def __init__(self, n: int, widths: NDArray[np.int64], draws: int, r2: float, sigma2: float, seeds: Sequence[int]) -> None:
        self.n, self.widths, self.r2, self.sigma2, self.seeds = n, widths, r2, sigma2, tuple(seeds)
        self.squares = np.zeros((draws, len(widths)))
        self.step = 0

    @property
    def done(self) -> int:
        """Draws that are complete."""
        return self.step // max(1, len(self.widths))

    def advance(self, steps: int) -> None:
        """Draw further entries, draw after draw."""
        for place in range(self.step, self.step + steps):
            draw, column = divmod(place, len(self.widths))
            width = int(self.widths[column])
            rng = np.random.default_rng((self.seeds[draw % len(self.seeds)], draw // len(self.seeds), width))
            self.squares[draw, column] = squared_norm_draws(self.n, width, 1, self.r2, self.sigma2, rng)[0, 0]
        self.step += steps

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        return State({"squares": self.squares.copy()}, {"step": self.step})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self.squares, self.step = np.array(state.arrays["squares"], dtype=np.float64), int(state.scalars["step"])
