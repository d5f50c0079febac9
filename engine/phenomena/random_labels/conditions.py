"""What the networks of a randomisation test see: the conditions, and one seed's images and labels under each of them.

Zhang et al. 2017, arXiv:1611.03530. Every kind of randomness has its own child of the stream `noise`, so leaving one
condition out changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.corruption import InputKind, LabelNoise, draw_label_noise, gaussian_images, shuffle_each_image, shuffle_pixels
from engine.data.registry import load
from engine.data.split import Images, Split
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.phenomena.random_labels.preprocessing import preprocessed
from engine.seeds import Streams

TRUE, RANDOM, CNN_TRUE, CNN_SHUFFLED = "true", "random", "cnn-true", "cnn-shuffled"
FIGURE_1 = (TRUE, "shuffled", "gaussian", "random-pixels", RANDOM)  # by rising steps to a loss of .1, as on CIFAR-10


@dataclass(frozen=True)
class Condition:
    """What a network sees; corruption: probability that a label is replaced; model: the one that the knob says, or the CNN beside it."""

    name: str
    label: str
    corruption: float = 0.0
    inputs: InputKind = "true"
    model: Literal["main", "cnn"] = "main"


def label_conditions(config: RandomLabelsConfig) -> tuple[Condition, ...]:
    """Return the conditions that differ in their labels only: true ones, random ones, and then every level between."""
    random = "random labels" if config.corruption == 1 else f"{100 * config.corruption:.0f} % random labels"
    return (
        Condition(TRUE, "true labels", 0.0, config.inputs),
        Condition(RANDOM, random, config.corruption, config.inputs),
        *(Condition(f"partly-{q:g}", f"{100 * q:.0f} % random labels", q, config.inputs) for q in config.between),
    )


def conditions_of(config: RandomLabelsConfig) -> tuple[Condition, ...]:
    """Return every condition that a config asks for; those of the convolutional network come last."""
    inputs = (
        Condition("shuffled", "shuffled pixels", inputs="shuffled"),
        Condition("random-pixels", "random pixels", inputs="random-pixels"),
        Condition("gaussian", "Gaussian pixels", inputs="gaussian"),
    )
    convolutional = (
        Condition(CNN_TRUE, "CNN, true labels", model="cnn"),
        Condition(CNN_SHUFFLED, "CNN, shuffled pixels", inputs="shuffled", model="cnn"),
    )
    seen = inputs if config.corrupted_pixels else ()
    return (*label_conditions(config), *seen, *(convolutional if config.model == "both" else ()))


@dataclass(frozen=True)
class RandomisedData:
    """A split as networks see it, its label noise, the one pixel order (d,), and training images that crops are cut out of, if any are.

    uncropped: (n, d') in [0, 1], of shape `uncropped_shape`; empty where nothing is cut out at random.
    """

    split: Split
    labels: LabelNoise
    pixel_order: NDArray[np.int64]
    _matchings: np.random.SeedSequence
    _images: np.random.SeedSequence
    _gaussian: np.random.SeedSequence
    uncropped: Images
    uncropped_shape: tuple[int, ...]

    def inputs(self, kind: InputKind) -> tuple[Images, Images]:
        """Return training and test inputs, (n, d) and (n_test, d); the same at every call."""
        if kind == "shuffled":
            return shuffle_pixels(self.split, self.pixel_order)
        if kind == "random-pixels":
            return shuffle_each_image(self.split, np.random.default_rng(self._images))
        if kind == "gaussian":
            return gaussian_images(self.split, np.random.default_rng(self._gaussian))
        return self.split.x, self.split.x_test

    def matchings(self, count: int) -> NDArray[np.int64]:
        """Return random permutations of the classes, (count, classes); the same at every call."""
        each = np.tile(np.arange(self.split.classes), (count, 1))
        return np.random.default_rng(self._matchings).permuted(each, axis=1)


def draw_data(config: RandomLabelsConfig, n_test: int, streams: Streams) -> RandomisedData:
    """Draw the images from the stream `data` and every corruption from children of the stream `noise`.

    Raises:
        ProblemError: more images asked for than there are.
        DataError: the data set is not here.
    """
    drawn = load(config.dataset, config.n, n_test, streams, config.dataset_sha256)
    split = preprocessed(drawn, config)
    sequence = np.random.SeedSequence(int(streams.noise.integers(2**63)))
    labels, pixels, matchings, images, gaussian = sequence.spawn(5)
    return RandomisedData(
        split,
        draw_label_noise(split.y, split.classes, config.noise, np.random.default_rng(labels)),
        np.random.default_rng(pixels).permutation(split.x.shape[1]),
        matchings,
        images,
        gaussian,
        drawn.x if config.random_crops else drawn.x[:0],
        drawn.shape,
    )
