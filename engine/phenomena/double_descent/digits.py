"""Random Fourier features of real digits: cosines and sines of v.x, v ~ N(0, 1/25), least squares on one-hot labels.

Belkin et al. 2019 (arXiv:1812.11118), on the 5,000 MNIST images that are already on the machine. Label noise is
`uniform`: a label becomes any class, possibly its own, with probability `noise`; test labels stay clean.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from engine.data.corruption import draw_label_noise
from engine.data.registry import load
from engine.phenomena.double_descent.curves import finished
from engine.phenomena.double_descent.model import Draw, Prediction, Whole, rungs
from engine.seeds import Streams, streams
from engine.state import State
from engine.theory.inputs import Floats, finite_matrix, require
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves

DATASET = "digits5k"
BANDWIDTH = 5.0
TESTS = 2000
ROWS = 250  # images whose features are made at a time
LEAST = 20  # features from which the curve is drawn
PARTS = 10  # of a curve, each a step of the run
REMEMBERED = 8  # curves


def fourier_frequencies(rng: np.random.Generator, d: int, N: int, bandwidth: float = BANDWIDTH) -> Floats:
    """Return v (N/2, d) for N features; N must be even. The kernel that they approach is exp(-|x-x'|^2/(2 bandwidth^2))."""
    require(N >= 2 and N % 2 == 0, f"Fourier features come in pairs of cosine and sine, got N={N}", "Choose an even N.")
    return rng.standard_normal((N // 2, d)) / bandwidth


def fourier_features(x: ArrayLike, frequencies: Floats) -> Floats:
    """Return cos(v_1.x), sin(v_1.x), cos(v_2.x), ... (n, N), unscaled: the first p are the features of the smaller model.

    Minimum-norm predictions do not see the scale; divided by sqrt(N/2), as published, N features have N/2 times the squared norm.
    """
    phase = finite_matrix(x, "x") @ frequencies.T
    features = np.empty((len(phase), 2 * len(frequencies)))
    np.cos(phase, out=features[:, 0::2])
    np.sin(phase, out=features[:, 1::2])
    return features


@dataclass(frozen=True)
class Digits:
    """n training images, D features, judged on `tests` images; noise: probability that a label is replaced."""

    n: int
    D: int
    noise: float
    tests: int = TESTS
    quantities: ClassVar[tuple[str, ...]] = ("test", "norm")
    cheap: ClassVar[bool] = False

    def draw(self, streams: Streams) -> Draw:
        """Return a draw of images, frequencies and label noise.

        Raises:
            DataError: the images are not here.
        """
        return finished(self.steps(streams))

    def steps(self, streams: Streams) -> Generator[None, None, Draw]:
        """Make a draw a few images at a time."""
        split = load(DATASET, self.n, self.tests, streams)
        frequencies = fourier_frequencies(streams.init, split.x.shape[1], self.D + self.D % 2)
        labels = draw_label_noise(split.y, split.classes, "uniform", streams.noise).at(self.noise)
        made: list[list[Floats]] = [[], []]
        for part, images in enumerate((split.x, split.x_test)):
            for start in range(0, len(images), ROWS):
                made[part].append(fourier_features(images[start : start + ROWS], frequencies)[:, : self.D])
                yield
        targets = np.eye(split.classes)
        return Draw(np.vstack(made[0]), targets[labels], None, (np.vstack(made[1]), targets[split.y_test]), split.classes)

    def read(self, curves: NestedCurves) -> Mapping[str, Floats]:
        """Return test MSE summed over the classes and |w|^2 of features over sqrt(p/2), as published."""
        assert curves.test_mse is not None  # a draw of this model has test images
        return {"test": curves.test_mse.sum(1), "norm": curves.norm2.sum(1) * curves.p / 2}

    def predict(self, p: Whole, ridge: Floats | None = None) -> Prediction | None:
        """There is no theory of real digits."""
        return None

    def ladder(self, p: Whole) -> Floats:
        """Return the ridges tried, (L, k)."""
        return rungs(self.n, p.size)


@dataclass(frozen=True)
class DigitCurve:
    """A curve as far as it goes: N (k,) even, test MSE summed over classes, test error, |w|^2 (all (k,))."""

    N: Floats
    mse: Floats
    error: Floats
    norm: Floats

    def upto(self, N: int) -> DigitCurve:
        """Return the curve up to N features."""
        at = self.N <= N
        return DigitCurve(self.N[at], self.mse[at], self.error[at], self.norm[at])


_known: dict[tuple[Digits, int], DigitCurve] = {}
"""The last curves: seconds of work that does not depend on the other knobs."""


class DigitCurves:
    """The curves of all seeds, one after the other, the last as far as it goes; none without a model."""

    def __init__(self, model: Digits | None, seeds: tuple[int, ...]) -> None:
        self.model, self.seeds = model, seeds
        self.curves: list[DigitCurve] = []
        self._work: Iterator[None] | None = None

    @property
    def whole(self) -> list[DigitCurve]:
        """The curves that are complete."""
        return [curve for curve in self.curves if self.model and curve.N[-1] >= self.model.D - 1]

    def grow(self, index: int) -> Generator[None, None, None]:
        """Carry the curve of a seed a part further; begin it anew where the work so far is not at hand. index: seed times PARTS + part."""
        assert self.model is not None  # without one there is no such work
        place, part = divmod(index, PARTS)
        one, upto = (self.model, self.seeds[place]), -(-self.model.D * (part + 1) // PARTS)
        if part == 0 or self._work is None:
            self._work, self._reached = self._fit(*one), 0
        while one not in _known and self._reached < upto:
            next(self._work)
            yield
        curve = _known[one] if one in _known else _whole_pairs(self.model, self._fits)
        self.curves[place:] = [curve.upto(upto)]
        if part == PARTS - 1:
            self._work = None
            _remember(one, curve)

    def _fit(self, model: Digits, seed: int) -> Iterator[None]:
        draw = yield from model.steps(streams(seed))
        for self._reached, self._fits in nested_steps(draw.X, draw.Y, test=draw.test):
            yield

    def state(self) -> State:
        """Return the curves so far."""
        return State.of({str(place): State(dict(vars(curve)), {}) for place, curve in enumerate(self.curves)})

    def restore(self, state: State) -> None:
        """Take up the curves; one that is not whole begins anew."""
        self.curves = [DigitCurve(**{name: values.copy() for name, values in state.part(place).arrays.items()}) for place in state.scalars]


def _whole_pairs(model: Digits, curves: NestedCurves) -> DigitCurve:
    """Take whole pairs of a cosine and a sine."""
    assert curves.test_error is not None
    at, found = slice(min(LEAST, model.D), None, 2), model.read(curves)
    return DigitCurve(curves.p[at], found["test"][at], curves.test_error[at], found["norm"][at])


def _remember(one: tuple[Digits, int], curve: DigitCurve) -> None:
    while one not in _known and len(_known) >= REMEMBERED:
        _known.pop(next(iter(_known)))
    _known[one] = curve
