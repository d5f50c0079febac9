"""Random Fourier features of real digits: cosines and sines of v.x, v ~ N(0, 1/25), least squares on one-hot labels.

Belkin et al. 2019 (arXiv:1812.11118), on the 5,000 MNIST images that are already on the machine. Label noise is
`uniform`: a label becomes any class, possibly its own, with probability `noise`; test labels stay clean.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.data.corruption import draw_label_noise
from engine.data.registry import load
from engine.phenomena.double_descent.features import fourier_features, fourier_frequencies
from engine.phenomena.double_descent.model import Draw, Prediction, Whole, rungs
from engine.seeds import Streams, streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves

DATASET = "digits5k"
BANDWIDTH = 5.0
TESTS = 2000
ROWS = 250  # images whose features are made at a time
LEAST = 20  # features from which the curve is drawn


@dataclass(frozen=True)
class Digits:
    """n training images, D features, judged on `tests` images; noise: probability that a label is replaced."""

    n: int
    D: int
    noise: float
    tests: int = TESTS
    quantities: ClassVar[tuple[str, ...]] = ("test", "norm")
    tuning: ClassVar[str] = "best of five ridges on the test images"

    def draw(self, streams: Streams) -> Draw:
        """Return a draw of images, frequencies and label noise.

        Raises:
            DataError: the images are not here.
        """
        return _finish(self.steps(streams))

    def steps(self, streams: Streams) -> Generator[None, None, Draw]:
        """Make a draw a few images at a time."""
        split = load(DATASET, self.n, self.tests, streams)
        frequencies = fourier_frequencies(streams.init, split.x.shape[1], self.D + self.D % 2, BANDWIDTH)
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

REMEMBERED = 8


class DigitWork:
    """The curve of one seed as it grows."""

    def __init__(self, model: Digits, seed: int) -> None:
        self._model, self._seed = model, seed
        self._reached = 0
        self._pieces = self._grow()

    def upto(self, N: int) -> Generator[None, None, DigitCurve]:
        """Compute the curve up to N features, in pieces; at once if it was computed before."""
        known = (self._model, self._seed)
        while known not in _known and self._reached < N:
            next(self._pieces)
            yield
        if known not in _known and N < self._model.D:
            return _even(self._model, self._curves).upto(N)
        if known not in _known:
            while len(_known) >= REMEMBERED:
                _known.pop(next(iter(_known)))
            _known[known] = _even(self._model, self._curves)
        return _known[known].upto(N)

    def _grow(self) -> Iterator[None]:
        draw = yield from self._model.steps(streams(self._seed))
        for self._reached, self._curves in nested_steps(draw.X, draw.Y, test=draw.test):
            yield


def _even(model: Digits, curves: NestedCurves) -> DigitCurve:
    """Take whole pairs of a cosine and a sine."""
    assert curves.test_error is not None
    at, found = slice(min(LEAST, model.D), None, 2), model.read(curves)
    return DigitCurve(curves.p[at], found["test"][at], curves.test_error[at], found["norm"][at])


def _finish(work: Generator[None, None, Draw]) -> Draw:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
