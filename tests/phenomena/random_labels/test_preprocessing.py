"""What is done to images, against plain loops over them."""

import numpy as np
import pytest
import torch

from engine.data.split import Split
from engine.networks.augmentation import RandomCut, per_image
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.phenomena.random_labels.preprocessing import preprocessed

SHAPE = (6, 7, 3)
RNG = np.random.default_rng(2)
IMAGES = RNG.random((30, *SHAPE)).astype(np.float32)
IMAGES[3] = 0.5  # of one colour: divided by 1/sqrt(d), not by 0
SPLIT = Split(IMAGES[:20].reshape(20, -1), np.zeros(20, np.int64), IMAGES[20:].reshape(10, -1), np.zeros(10, np.int64), 10, SHAPE)


def standardised(image):
    pixels = image.astype(np.float64).ravel()
    deviation = np.sqrt(np.mean((pixels - pixels.mean()) ** 2))
    return (pixels - pixels.mean()) / max(deviation, 1 / np.sqrt(pixels.size))


@pytest.mark.parametrize("scaling", ["image", "channel"])
def test_the_centre_is_cut_out_and_scaled(scaling):
    found = preprocessed(SPLIT, RandomLabelsConfig.model_construct(crop=4, scaling=scaling))
    assert found.shape == (4, 4, 3)
    cut = IMAGES[:, 1:5, 1:5]
    if scaling == "image":
        expected = np.array([standardised(image) for image in cut])
    else:
        mean = [cut[:20, ..., channel].astype(np.float64).mean() for channel in range(3)]
        deviation = [cut[:20, ..., channel].astype(np.float64).std() for channel in range(3)]
        expected = ((cut - mean) / deviation).reshape(30, -1)
    np.testing.assert_allclose(found.x, expected[:20], atol=2e-6)
    np.testing.assert_allclose(found.x_test, expected[20:], atol=2e-6)
    assert found.x.dtype == np.float32


def test_an_image_is_scaled_alike_on_the_device():
    found = per_image(torch.from_numpy(SPLIT.x), 0).numpy()
    np.testing.assert_allclose(found, [standardised(image) for image in SPLIT.x], atol=2e-6)


def test_random_cuts_are_those_of_a_loop_and_reach_every_place():
    cut = RandomCut(SHAPE, 4, seed=9)
    places = set()
    for step in range(20):
        found = cut(torch.from_numpy(SPLIT.x), step).numpy().reshape(20, 4, 4, 3)
        rng = np.random.default_rng((9, step))
        down, right = rng.integers(0, 3, (20, 1)), rng.integers(0, 4, (20, 1))
        for image, pixels in enumerate(IMAGES[:20]):
            top, left = int(down[image, 0]), int(right[image, 0])
            assert np.array_equal(found[image], pixels[top : top + 4, left : left + 4])
            places.add((top, left))
    assert len(places) == 12
