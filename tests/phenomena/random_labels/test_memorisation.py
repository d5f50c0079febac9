"""Theorem 1's network against a general linear solve and brute-force sums; the chance band against simulation; the map of fits."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg

from engine.contract import Series
from engine.errors import ProblemError
from engine.phenomena.random_labels.figures import fitting_map, memorisation_map, memorised, until_rest
from engine.phenomena.random_labels.memorisation import memorise


def problem(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.integers(0, 10, n).astype(float), rng


@pytest.mark.parametrize(("n", "d"), [(1, 3), (2, 1), (50, 40), (200, 40), (500, 784)])
def test_random_labels_are_fitted_with_2n_plus_d_weights(n, d):
    x, y, rng = problem(n, d)
    network = memorise(x, y, rng)
    assert network.weight_count == 2 * n + d
    brute = np.array(
        [
            sum(w * max(float(np.dot(network.direction, row)) - b, 0.0) for w, b in zip(network.weights, network.biases, strict=True))
            for row in x[:40]
        ]
    )
    assert np.max(np.abs(brute - y[:40])) <= 1e-6
    assert network.largest_residual(x, y) <= 1e-6


def test_weights_agree_with_a_general_solve():
    x, y, rng = problem(60, 40)
    network = memorise(x, y, rng)
    z = np.sort(x @ network.direction)
    matrix = np.maximum(z[:, None] - network.biases[None, :], 0)
    assert np.array_equal(matrix, np.tril(matrix))
    assert np.all(np.diag(matrix) > 0)
    solved = scipy.linalg.solve(matrix, y[np.argsort(x @ network.direction)])
    np.testing.assert_allclose(network.weights, solved, rtol=1e-6)


def test_five_hundred_labels_are_fitted_a_hundred_times_closer_than_claimed():
    residuals = []
    for _ in range(10):
        x, y, rng = problem(500, 40)
        residuals.append(memorise(x, y, rng).largest_residual(x, y))
    assert max(residuals) <= 1e-8  # with biases halfway between neighbours up to 1e-6


def test_biases_interleave_with_the_sorted_projections():
    x, y, rng = problem(30, 5)
    network = memorise(x, y, rng)
    z = np.sort(x @ network.direction)
    assert np.all(network.biases < z)
    assert np.all(network.biases[1:] > z[:-1])


def test_coinciding_inputs_are_refused_by_a_sentence():
    x, y, rng = problem(10, 4)
    x[3] = x[7]
    with pytest.raises(ProblemError, match="every input must be distinct, got 1"):
        memorise(x, y, rng)


@pytest.mark.parametrize(("x", "y"), [(np.zeros((0, 3)), []), (np.full((2, 2), np.nan), [0, 1]), (np.eye(3), [0, 1])])
def test_impossible_data_is_refused(x, y):
    with pytest.raises(ProblemError):
        memorise(x, y, np.random.default_rng(0))


@pytest.mark.parametrize(("scored", "shade", "note"), [
    (None, "share fitted", "1 of 4 fitted, seed 7"), (30, "share fitted", "1 of 4 fitted, seed 7, scored at step 30"),
    (0, "not yet scored", "seed 7, scored once all seem fitted"),
])  # fmt: skip
def test_a_map_says_of_which_step_it_is_and_calls_nothing_unfitted_that_was_not_scored(scored, shade, note):
    labels, fitted = np.array([0, 0, 0, 1]), np.array([1, 0, 0, 0])
    run = SimpleNamespace(
        data={7: SimpleNamespace(labels=SimpleNamespace(at=lambda q: labels))}, seeds=(7,), fitted_labels=lambda name: fitted,
        scored_at=lambda name: scored, fitted_since=lambda name: None, split=SimpleNamespace(classes=2, called=str),
    )  # fmt: skip
    found = memorised(run, "random", SimpleNamespace(name="random", corruption=1.0, label="random labels"))
    assert (found.shade, found.note, found.rows) == (shade, note, ("0", "1"))
    np.testing.assert_allclose(found.values, [[1 / 3], [0]])


def test_a_map_says_from_which_step_on_half_of_a_part_is_fitted():
    labels, since = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([7, 3, 20, -1, -1, -1, -1, 9])
    run = SimpleNamespace(
        data={7: SimpleNamespace(labels=SimpleNamespace(at=lambda q: labels))}, seeds=(7,), fitted_labels=lambda name: since >= 0,
        scored_at=lambda name: None, fitted_since=lambda name: since, split=SimpleNamespace(classes=2, called=str),
        history=SimpleNamespace(last=30), conditions=(SimpleNamespace(name="random", corruption=1.0),),
    )  # fmt: skip
    found = memorised(run, "random", SimpleNamespace(name="random", corruption=1.0, label="random labels"))
    assert (found.shade, found.lo, found.hi, found.note) == ("median step to fit", 0.0, 20.0, "4 of 8 fitted, seed 7")
    np.testing.assert_allclose(found.values, [[7, 3, 20, np.nan], [np.nan, np.nan, np.nan, 9]])
    halves = fitting_map(np.tile([7, 3, -1, -1], 20), np.zeros(80, dtype=int), 1)
    assert halves.shape == (1, 20) and (halves == 7).all(), "half of four are fitted once the second one is"


def test_a_map_holds_the_shares_of_equal_parts_of_every_class():
    labels, fitted = np.repeat([0, 1], 40), np.concatenate([np.ones(40), np.tile([0, 1], 20)])
    shares = memorisation_map(fitted, labels, 2)
    assert shares.shape == (2, 20) and (shares[0] == 1).all() and (shares[1] == 0.5).all()


def test_a_loss_ends_where_its_network_rests():
    """At the first point from which on nothing changes, in no seed; one that still changes goes on."""
    x = np.arange(6.0)
    moving = Series("a", "a", x, np.array([3.0, 2.0, 1.0, 0.5, 0.5, 0.5]), lo=np.zeros(6), hi=np.array([4.0, 3.0, 2.0, 1.0, 0.9, 0.9]))
    ended = until_rest(moving)
    assert ended.x.tolist() == [0, 1, 2, 3, 4] and ended.hi.tolist() == [4.0, 3.0, 2.0, 1.0, 0.9] and len(ended.lo) == len(ended.y) == 5
    assert until_rest(replace(moving, lo=None, hi=None)).x.tolist() == [0, 1, 2, 3]
    still = Series("a", "a", x, x[::-1])
    assert until_rest(still).y.tolist() == still.y.tolist()
