"""Corruptions against their definitions: rates with standard errors, permutations by sorting, moments by counting."""

import numpy as np
import pytest

from engine.data.corruption import draw_label_noise
from engine.phenomena.random_labels.conditions import draw_data
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.seeds import streams

N = 20_000
CONFIG = RandomLabelsConfig(n=200)
pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def drawn(own_cache):
    return draw_data(CONFIG, 100, streams(4))


@pytest.mark.parametrize(("convention", "flipped"), [("uniform", 0.9), ("incorrect", 1.0)])
@pytest.mark.parametrize("q", [0.0, 0.3, 1.0])
def test_the_flipped_share_is_that_of_the_convention(convention, flipped, q):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 10, N)
    labels = draw_label_noise(true, 10, convention, rng).at(q)
    rate = q * flipped
    assert abs(np.mean(labels != true) - rate) <= 4 * np.sqrt(rate * (1 - rate) / N)
    assert set(np.unique(labels)) == set(range(10))


def test_replaced_labels_do_not_depend_on_the_true_ones():
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(10), N // 10)
    labels = draw_label_noise(true, 10, "uniform", rng).at(1.0)
    table = np.histogram2d(true, labels, bins=10)[0]
    chi2 = np.sum((table - N / 100) ** 2 / (N / 100))
    assert chi2 < 81 + 5 * np.sqrt(2 * 81)


def test_levels_are_nested():
    rng = np.random.default_rng(0)
    noise = draw_label_noise(rng.integers(0, 10, N), 10, "incorrect", rng)
    low, high = noise.at(0.2), noise.at(0.6)
    replaced = low != noise.true
    assert np.array_equal(low[replaced], high[replaced])


def test_shuffled_pixels_are_one_permutation_for_train_and_test(drawn):
    x, x_test = drawn.inputs("shuffled")
    split = drawn.split
    back = np.argsort(drawn.pixel_order)
    assert np.array_equal(np.sort(drawn.pixel_order), np.arange(784))
    assert np.array_equal(x[:, back], split.x)
    assert np.array_equal(x_test[:, back], split.x_test)
    assert not np.array_equal(x, split.x)


def test_random_pixels_are_a_permutation_per_image(drawn):
    x, x_test = drawn.inputs("random-pixels")
    for made, true in ((x, drawn.split.x), (x_test, drawn.split.x_test)):
        assert np.array_equal(np.sort(made, axis=1), np.sort(true, axis=1))
        ink = true != true.min()
        shared = np.mean((made != made.min()) == ink)
        assert shared < 0.8  # one permutation for all would keep columns together
    assert np.unique(np.argsort(x, axis=1), axis=0).shape[0] == len(x)


def test_gaussian_images_match_the_moments(drawn):
    x, x_test = drawn.inputs("gaussian")
    for made in (x, x_test):
        assert abs(made.mean()) < 4 / np.sqrt(made.size)
        assert abs(made.std() - 1) < 4 / np.sqrt(2 * made.size)
    assert x.shape == drawn.split.x.shape
    assert x.dtype == np.float32


def test_the_same_seed_draws_the_same_and_conditions_do_not_disturb_each_other(drawn):
    again = draw_data(CONFIG, 100, streams(4))
    gaussian_first = again.inputs("gaussian")[0]
    assert np.array_equal(drawn.inputs("gaussian")[0], gaussian_first)
    assert np.array_equal(drawn.labels.at(0.5), again.labels.at(0.5))
    assert np.array_equal(drawn.inputs("random-pixels")[1], again.inputs("random-pixels")[1])
    assert np.array_equal(drawn.matchings(20), again.matchings(20))


def test_test_labels_stay_clean(drawn):
    plain = draw_data(RandomLabelsConfig(n=200, noise="incorrect"), 100, streams(4))
    assert np.array_equal(plain.split.y_test, drawn.split.y_test)
