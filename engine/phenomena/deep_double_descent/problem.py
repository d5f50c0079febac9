"""Digits or signals with label noise: training sets of every size are nested, test labels are clean.

MNIST-1D of Greydanus, Kobak 2024, arXiv:2011.14439; label noise as in Nakkiran et al. 2020, arXiv:1912.02292.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.corruption import draw_label_noise
from engine.data.registry import load, source
from engine.data.split import Images, Labels, column_moments
from engine.phenomena.deep_double_descent.config import MODULES, DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.networks import LabelKind
from engine.seeds import streams

GENERATED = 8000  # signals made, as in the chapter's setup; a run uses the first of them


@dataclass(frozen=True)
class Problem:
    """x: (n, d) of the largest n; labels: (n,) noisy and clean; x_test: (tests, d), y_test: (tests,).

    varying: how many of the d inputs are not the same in all training examples of the main size. shares: (K,) of the classes among the
    test examples, 1/K each of data that come with genlab. shape: of an input. black: what a pixel of 0 became, channel by channel, where
    channels are scaled. notes: what is to be said of the data.
    """

    x: Images
    labels: dict[LabelKind, Labels]
    x_test: Images
    y_test: Labels
    classes: int
    varying: int
    shares: NDArray[np.float64]
    shape: tuple[int, ...]
    black: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def flipped(self) -> float:
        """The share of labels that really changed."""
        return float(np.mean(self.labels["noisy"] != self.labels["clean"]))


def draw_problem(config: DeepDoubleDescentConfig, seed: int) -> Problem:
    """Return the data of a seed.

    Raises:
        ProblemError: more images asked for than there are.
        DataError: the data set is not here.
    """
    draws = streams(seed)
    n = max(config.n, *config.samples, 1)
    of = source(config.dataset, config.dataset_sha256)
    made = n if of.size is not None else max(n, GENERATED - config.tests)
    split = load(config.dataset, made, config.tests, draws, config.dataset_sha256)
    clean = split.y[:n]
    noisy = draw_label_noise(clean, split.classes, config.convention, draws.noise).at(config.noise)
    seen = split.x[: config.n]
    x, x_test, black = split.x[:n], split.x_test, tuple[float, ...]()
    if config.model in MODULES:
        (x, x_test), black = by_channel((x, x_test), seen, split.shape[2] if len(split.shape) > 2 else 1)
    elif split.by_column:
        means, deviations = column_moments(seen)
        x, x_test = (np.asarray((part - means) / deviations, dtype=np.float32) for part in (x, x_test))
    elif len(split.shape) > 1:
        x, x_test = (centred(images, seen) for images in (x, x_test))
    alike = np.full(split.classes, 1 / split.classes)
    shares = alike if of.shipped else np.bincount(split.y_test, minlength=split.classes) / config.tests
    varying = int(np.sum(np.ptp(seen, axis=0) > 0))
    notes = () if of.shipped else split.notes
    labels: dict[LabelKind, Labels] = {"noisy": noisy, "clean": clean}
    return Problem(x, labels, x_test, split.y_test, split.classes, varying, shares, split.shape, black, notes)


def by_channel(images: tuple[Images, Images], seen: Images, channels: int) -> tuple[tuple[Images, Images], tuple[float, ...]]:
    """Return images (m, d) less each channel's mean over those seen in training, over its deviation; and what a pixel of 0 becomes.

    One number for all pixels of a channel, since a convolution meets every pixel.
    """
    pixels = seen.reshape(-1, channels)
    means = pixels.mean(0, dtype=np.float64).astype(np.float32)
    deviations = pixels.std(0, dtype=np.float64).astype(np.float32)
    deviations[deviations == 0] = 1
    first, second = (((part.reshape(-1, channels) - means) / deviations).reshape(part.shape) for part in images)
    return (first, second), tuple((-means / deviations).tolist())


def centred(images: Images, seen: Images) -> Images:
    """Return images (m, d) less the mean of every pixel over those seen in training, over the deviation of all pixels from their means.

    Pixels that are never negative push the units of a narrow network to the side where a ReLU is 0 and stays so.
    """
    mean = seen.mean(0, dtype=np.float64)
    deviation = float(np.sqrt(np.mean((seen - mean) ** 2))) or 1.0
    return np.asarray((images - mean) / deviation, dtype=np.float32)


def best_constant_loss(shares: NDArray[np.float64], loss: str) -> float:
    """Return the test loss of the best outputs that see no input: `1 - sum p^2` of the squared loss, the entropy of cross-entropy."""
    if np.ptp(shares) == 0:
        return 1 - 1 / len(shares) if loss == "mse" else float(np.log(len(shares)))
    there = shares[shares > 0]
    return float(1 - np.sum(there**2)) if loss == "mse" else float(-np.sum(there * np.log(there)))
