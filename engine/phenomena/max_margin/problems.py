"""The separable problems of max-margin, each solved exactly when it is made, so that what cannot be separated is said at once.

Sets: the four points of unequal duals; Figure 1 of Soudry et al. 2018, arXiv:1710.10345; Gaussian points labelled by a random
direction; two classes of MNIST-1D (Greydanus, Kobak 2024, arXiv:2011.14439); imported points, all of them, as they were given.
Shapes: X (n, d), y (n,) of -1 and +1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.data import mnist1d, own
from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import Labelled, four_point, gauss_set, scattered, soudry_set
from engine.seeds import Streams, streams
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import HardMargin, NotSeparable, hard_margin_svm, signed_rows, with_bias

HELD_OUT = 1000
"""Held-out points: training points with noise as large as the SVM's margin."""

SHOWN_ROWS = 6  # of those that contradict one another

NAMES = {"four-point": "four-point set", "soudry": "Soudry's set", "gauss": "gauss", "mnist1d": "MNIST-1D, 0 and 1"}


@dataclass(frozen=True)
class ProblemConfig:
    """Which problem: data set, n and d where it has a choice, labels flipped, and whether a constant is appended.

    sha256: the content of imported points; empty of built-in ones.
    """

    data: str
    n: int = 40
    d: int = 10
    flips: int = 0
    bias: bool = False
    sha256: str = ""

    @property
    def label(self) -> str:
        """Its name in legends."""
        return f"gauss {self.n}x{self.d}" if self.data == "gauss" else NAMES.get(self.data, self.data)

    def same(self, other: ProblemConfig) -> bool:
        """Whether the other is the same problem; n and d count for gauss only."""
        alike = (self.data, self.flips, self.bias) == (other.data, other.flips, other.bias)
        return alike and (self.data not in ("gauss", "mnist1d") or (self.n, self.d) == (other.n, other.d))


@dataclass(frozen=True)
class Problem:
    """A problem and its SVM.

    Attributes:
        X: (n, d), the constant included. y: (n,). w_star: (d,) that made the labels, or None. held_out: points to validate with.
        classes: what the labels -1 and +1 are called.
    """

    config: ProblemConfig
    seed: int
    X: Floats
    y: Floats
    w_star: Floats | None
    svm: HardMargin
    held_out: Labelled
    classes: tuple[str, ...] = ("-1", "+1")

    @property
    def support_spans(self) -> bool:
        """Whether every point is a combination of support vectors: then descent and flow have the same limit beside w_hat ln s."""
        Z = self.svm.Z
        return bool(np.linalg.matrix_rank(Z[self.svm.support]) == np.linalg.matrix_rank(Z))


def make(config: ProblemConfig, seed: int) -> Problem:
    """Draw a problem from a seed and solve it.

    Raises:
        ProblemError: the labels are not separable.
    """
    rng = streams(seed)
    drawn, w_star = _draw(config, rng, seed)
    X, y = drawn.X, drawn.y.copy()
    y[rng.noise.permutation(len(y))[: config.flips]] *= -1
    X = with_bias(X) if config.bias else X
    svm = _solve(X, y, config)
    held_out = scattered(Labelled(X, y), svm.margin, HELD_OUT, rng.order, config.bias)
    classes = own.find(config.data).classes if config.sha256 else ("-1", "+1")
    return Problem(config, seed, X, y, w_star, svm, held_out, classes)


def _solve(X: Floats, y: Floats, config: ProblemConfig) -> HardMargin:
    rows = signed_rows(X, y)
    try:
        return hard_margin_svm(rows)
    except ProblemError as error:
        if config.sha256:
            raise _contradiction(rows, config, error) from None
        ways = ["lower n"] if config.data in ("gauss", "mnist1d") else []
        ways += ["raise d"] if config.data == "gauss" else []
        ways += ["lower flips"] if config.flips else []
        ways += [] if config.bias else ["turn the bias on"]
        raise ProblemError(error.message, ", or ".join(ways)) from None


def _contradiction(rows: Floats, config: ProblemConfig, error: ProblemError) -> ProblemError:
    """Say which rows of imported points, counted from 1 as in the file, no separator gets right together, and what can be done."""
    line = "any hyperplane" if config.bias else "a hyperplane through the origin"
    zero = np.flatnonzero(~rows.any(axis=1))
    if len(zero):
        what = f"{config.data} has no {'margin' if config.bias else 'margin through the origin'}: row {zero[0] + 1} lies at the origin"
    elif isinstance(error, NotSeparable):
        named = [str(row + 1) for row in sorted(error.rows)]
        more = f" and {len(named) - SHOWN_ROWS} more" if len(named) > SHOWN_ROWS else ""
        listed = ", ".join(named[:SHOWN_ROWS]) + more if more else " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
        what = f"{config.data} is not separable by {line}: its rows {listed} contradict one another (a mean of their y x is 0)"
    else:
        what = f"{config.data}: {error.message}"
    ways = ["lower flips"] if config.flips else []
    ways += [] if config.bias else [_with_bias_too(rows, config)]
    return ProblemError(what, ", or ".join(ways) or "leave out or relabel such rows, or give more features, and import it again")


def _with_bias_too(rows: Floats, config: ProblemConfig) -> str:
    """Say whether a bias would help rows y x, whose labels are read off them and the points."""
    points = _imported(config.data, config.sha256)
    try:
        hard_margin_svm(signed_rows(with_bias(points.X), np.where(np.einsum("ij,ij->i", rows, points.X) < 0, -1.0, 1.0)))
    except ProblemError:
        return "leave out or relabel such rows: with a bias it is not separable either"
    return "turn the bias on, with which it is separable: --bias yes"


def _imported(name: str, sha256: str) -> Labelled:
    data = own.load(name, sha256)
    assert data.x is not None  # of classes
    return Labelled(data.x, np.where(data.y == 0, -1.0, 1.0))


def _draw(config: ProblemConfig, rng: Streams, seed: int) -> tuple[Labelled, Floats | None]:
    if config.sha256:
        return _imported(config.data, config.sha256), None
    if config.data == "gauss":
        return gauss_set(config.n, config.d, rng.data)
    if config.data == "mnist1d":
        return two_signals(config.n, seed), None
    return (four_point(rng.data) if config.data == "four-point" else soudry_set(rng.data)), None


@lru_cache(maxsize=8)
def two_signals(n: int, seed: int) -> Labelled:
    """Return n signals (n, 40) of the digits 0 (label -1) and 1 (+1) of MNIST-1D."""
    x, classes = mnist1d.signals(6 * n + 100, streams(seed).data)
    kept = np.flatnonzero(classes < 2)[:n]
    return Labelled(x[kept].astype(np.float64), np.where(classes[kept] == 0, -1.0, 1.0))
