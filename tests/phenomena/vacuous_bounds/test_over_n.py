"""Networks over n: where they stop, what is measured of them, chunks and saving, slopes; spheres at the size of the presets."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from engine.phenomena.vacuous_bounds.details import on_spheres
from engine.phenomena.vacuous_bounds.over_n import COLUMNS, TrainingOverN, slope
from engine.phenomena.vacuous_bounds.problem import cut
from engine.phenomena.vacuous_bounds.recipes import Recipe, recipe_of

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = Recipe("sphere", (20,), 0.2, 0.9, 1.0, 64, 256, epochs=400, dims=6, random_at=128, biases=True)


def followed(recipe, budgets=(0.05,), seeds=(0, 1)):
    run, count = TrainingOverN(recipe, seeds, "cpu"), 0
    while run.taken < run.total:
        run.advance(run.total, perf_counter() + budgets[count % len(budgets)])
        count += 1
    return run


def test_networks_over_n_stop_at_their_margin_and_are_measured_as_a_plain_network_would_be():
    run = followed(replace(TINY, most=128))
    rows = {name: run.rows[:, index] for index, name in enumerate(COLUMNS)}
    assert rows["n"].tolist() == [64, 64, 128, 128, 128, 128]
    assert rows["random"].tolist() == [0, 0, 0, 0, 1, 1]
    layers = cut(run.ensemble.weights()[0].numpy(), run.sizes)  # seed 0, true labels, n = 128
    initial = cut(run._initial[0], run.sizes)
    data = run.sources[0]

    def outputs(x):
        return np.maximum(x @ layers[0] + layers[1], 0) @ layers[2] + layers[3]

    wrong = outputs(data.x_test.astype(float)).argmax(1) != data.y_test
    assert rows["test error"][2] == np.mean(wrong)
    moved = data.x[:128].astype(float) * np.where(data.y[:128] == 0, 1.2, 1 / 1.2)[:, None]
    assert rows["error on S'"][2] == np.mean(outputs(moved).argmax(1) == data.y[:128])
    away = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(layers, initial, strict=True)))
    assert rows["distance"][2] == pytest.approx(away, rel=1e-6)
    found = outputs(data.x[:128].astype(float))
    margins = (found[:, 1] - found[:, 0]) * np.where(data.y[:128] == 1, 1, -1)
    assert (np.mean(margins >= 1.0 - 1e-4) >= 0.99) == bool(rows["reached"][2])


@pytest.mark.slow
def test_on_the_spheres_of_the_preset_a_network_errs_on_all_of_the_moved_sample_while_it_learns():
    run = followed(recipe_of("sphere-250", 3.0), (5.0,), (0,))
    rows = {name: run.rows[:, index] for index, name in enumerate(COLUMNS)}
    assert rows["reached"].all()
    assert (rows["error on S'"] >= 0.99).all()
    assert (np.diff(rows["test error"]) < 0).all() and rows["test error"][-1] < 0.3
    assert (np.diff(rows["distance"]) > 0).all()
    assert on_spheres(run)[0].startswith("Spheres: error on S' at least 0.99")


@pytest.mark.slow
def test_on_spheres_of_100_dimensions_the_error_on_the_moved_sample_does_not_stay_near_1():
    run = followed(recipe_of("sphere", 3.0), (5.0,), (0,))
    moved = run.rows[:, COLUMNS.index("error on S'")]
    assert moved[0] >= 0.99 and moved[-1] < 0.9
    assert on_spheres(run)[0].startswith(f"Spheres: error on S' at least {moved.min():.3g}")


def test_networks_over_n_do_not_depend_on_chunks_or_saving():
    whole, cut_up = followed(TINY), followed(TINY, (1e-6, 0.003))
    assert np.array_equal(whole.rows, cut_up.rows)
    first = TrainingOverN(TINY, (0, 1), "cpu")
    first.advance(2, perf_counter() + 0.4)
    second = TrainingOverN(TINY, (0, 1), "cpu")
    second.restore(first.state())
    while second.taken < second.total:
        second.advance(second.total, perf_counter() + 1)
    assert np.array_equal(whole.rows, second.rows)


def test_slopes_and_their_errors_equal_those_of_a_fitted_polynomial():
    rng = np.random.default_rng(2)
    n = np.repeat(2.0 ** np.arange(6, 12), 3)
    values = n**0.4 * np.exp(0.1 * rng.standard_normal(18))
    found, (line, covariance) = slope(n, values), np.polyfit(np.log(n), np.log(values), 1, cov=True)
    assert (found.value, found.error) == pytest.approx((line[0], np.sqrt(covariance[0, 0])))
    assert slope(n[:6], values[:6]) is None
