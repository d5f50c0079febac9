"""What is done to images before networks see them: the centre is cut out, and numbers are scaled.

Zhang et al. 2017, arXiv:1611.03530, Appendix A: the centre 28x28 of CIFAR-10's images, each less its mean over
max(its deviation, 1/sqrt(d)), with the deviation of its d numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.data.split import Images, Split
from engine.phenomena.random_labels.config import RandomLabelsConfig, seen_shape

PIECE = 1024  # images that are scaled at once, so that no second copy of all of them is made


def preprocessed(split: Split, config: RandomLabelsConfig) -> Split:
    """Return a split of images in [0, 1] as networks see it; of own rows and built-in data as a knob `scaling` says."""
    if config.crop:
        x, x_test = (centre(images, split.shape, config.crop) for images in (split.x, split.x_test))
        split = replace(split, x=x, x_test=x_test, shape=seen_shape(split.shape, config.crop))
    if config.scaling == "global":
        return split.standardised()
    if config.scaling == "image":
        return replace(split, x=scaled_by_image(split.x), x_test=scaled_by_image(split.x_test))
    channels = split.shape[2] if len(split.shape) == 3 else 1
    colours = split.x.reshape(-1, channels)
    means, deviations = colours.mean(axis=0, dtype=np.float64), colours.std(axis=0, dtype=np.float64)
    deviations = np.where(deviations > 0, deviations, 1.0)
    x, x_test = (
        ((images.reshape(-1, channels) - means.astype(np.float32)) / deviations.astype(np.float32)).reshape(images.shape)
        for images in (split.x, split.x_test)
    )
    return replace(split, x=x, x_test=x_test)


def centre(images: Images, shape: tuple[int, ...], side: int) -> Images:
    """Return the middle side x side pixels of images (n, d) of a shape, (n, side*side*channels)."""
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    cut = images.reshape(len(images), *shape)[:, top : top + side, left : left + side]
    return np.ascontiguousarray(cut).reshape(len(images), -1)


def scaled_by_image(images: Images) -> Images:
    """Return images (n, d), each less its mean, over max(its deviation, 1/sqrt(d))."""
    made = np.empty_like(images)
    least = 1.0 / np.sqrt(images.shape[1])
    for start in range(0, len(images), PIECE):
        piece = images[start : start + PIECE].astype(np.float64)
        means, deviations = piece.mean(axis=1, keepdims=True), piece.std(axis=1, keepdims=True)
        made[start : start + PIECE] = (piece - means) / np.maximum(deviations, least)
    return made
