"""One seed's problem under every condition of Zhang et al. 2017, arXiv:1611.03530: each drawn once, whatever else runs.

Every kind of randomness has its own child of the stream `noise`, so leaving one condition out changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.corruption import (
    Convention,
    InputKind,
    LabelNoise,
    draw_label_noise,
    gaussian_images,
    shuffle_each_image,
    shuffle_pixels,
)
from engine.data.registry import load
from engine.data.split import Images, Labels, Split
from engine.seeds import Streams


@dataclass(frozen=True)
class Conditions:
    """A standardised split, its label noise, the one pixel order (d,), and random labels (n_test,) for its test images."""

    split: Split
    labels: LabelNoise
    pixel_order: NDArray[np.int64]
    fresh_labels: Labels
    _images: np.random.SeedSequence
    _gaussian: np.random.SeedSequence

    def inputs(self, kind: InputKind) -> tuple[Images, Images]:
        """Return training and test inputs, (n, d) and (n_test, d); the same at every call."""
        if kind == "shuffled":
            return shuffle_pixels(self.split, self.pixel_order)
        if kind == "random-pixels":
            return shuffle_each_image(self.split, np.random.default_rng(self._images))
        if kind == "gaussian":
            return gaussian_images(self.split, np.random.default_rng(self._gaussian))
        return self.split.x, self.split.x_test


def draw_conditions(dataset: str, n: int, n_test: int, convention: Convention, streams: Streams) -> Conditions:
    """Draw the images from the stream `data` and every corruption from children of the stream `noise`.

    Raises:
        ProblemError: more images asked for than there are.
        DataError: the data set is not here.
    """
    split = load(dataset, n, n_test, streams).standardised()
    sequence = np.random.SeedSequence(int(streams.noise.integers(2**63)))
    labels, pixels, fresh, images, gaussian = sequence.spawn(5)
    return Conditions(
        split,
        draw_label_noise(split.y, split.classes, convention, np.random.default_rng(labels)),
        np.random.default_rng(pixels).permutation(split.x.shape[1]),
        np.random.default_rng(fresh).integers(0, split.classes, len(split.y_test)),
        images,
        gaussian,
    )
