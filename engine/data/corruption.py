"""The randomisation tests of Zhang et al. 2017, arXiv:1611.03530, Section 2: corrupted labels and corrupted inputs.

Labels are drawn once and stay fixed; test labels are never touched. "Shuffled pixels" is one permutation for every
image, training and test; "random pixels" a permutation for each; "gaussian" noise of the images' own mean and deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.split import Images, Labels, Split, moments

Convention = Literal["uniform", "incorrect"]
InputKind = Literal["true", "shuffled", "random-pixels", "gaussian"]


@dataclass(frozen=True)
class LabelNoise:
    """One draw of label noise, which gives the labels at every corruption level q.

    Levels are nested: a label that is replaced at q is replaced alike at every larger q, so curves over q differ by q only.
    """

    true: Labels  # (n,)
    threshold: NDArray[np.float64]  # (n,) uniform in [0, 1)
    replacement: Labels  # (n,)

    def at(self, q: float) -> Labels:
        """Return the labels (n,) when each is replaced with probability q."""
        return np.where(self.threshold < q, self.replacement, self.true)


def draw_label_noise(true: Labels, classes: int, convention: Convention, rng: np.random.Generator) -> LabelNoise:
    """Draw label noise for labels in 0..classes-1.

    `uniform`: a replaced label is any class, possibly the true one, so q*(1-1/K) are really flipped (Zhang).
    `incorrect`: a replaced label is one of the K-1 wrong classes (Nakkiran).
    """
    threshold = rng.random(len(true))
    if convention == "incorrect":
        return LabelNoise(true, threshold, (true + rng.integers(1, classes, len(true))) % classes)
    return LabelNoise(true, threshold, rng.integers(0, classes, len(true)))


def shuffle_pixels(split: Split, order: NDArray[np.int64]) -> tuple[Images, Images]:
    """Permute the pixels of every training (n, d) and test (n_test, d) image alike; order: (d,)."""
    return split.x[:, order], split.x_test[:, order]


def shuffle_each_image(split: Split, rng: np.random.Generator) -> tuple[Images, Images]:
    """Permute the pixels of every training and test image in its own way."""
    return rng.permuted(split.x, axis=1), rng.permuted(split.x_test, axis=1)


def gaussian_images(split: Split, rng: np.random.Generator) -> tuple[Images, Images]:
    """Return noise of the training images' global mean and deviation in place of every image."""
    mean, deviation = (np.float32(value) for value in moments(split.x))
    x, x_test = (rng.standard_normal(like.shape, dtype=np.float32) for like in (split.x, split.x_test))
    return mean + deviation * x, mean + deviation * x_test
