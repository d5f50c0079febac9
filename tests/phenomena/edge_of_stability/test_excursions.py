"""Beyond the edge: model, network, sharpness and displacement against dense Hessians and plain descent; claims; other data."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.autograd.functional import hessian

from engine import registry
from engine.contract import Status
from engine.errors import KnobError
from engine.phenomena.edge_of_stability.checks import Checks
from engine.phenomena.edge_of_stability.claims import rank_correlation
from engine.phenomena.edge_of_stability.excursion_figures import changes
from engine.phenomena.edge_of_stability.excursions import AFTER, BEFORE, STEPS, Excursion, Excursions
from engine.phenomena.edge_of_stability.problem import first_weights, problem
from engine.phenomena.edge_of_stability.size import layer_sizes
from engine.seeds import streams
from engine.training.mlp import MLP
from tests.phenomena.driven import work

ETA = 0.34  # 2.3 over the sharpness at the weights below
SIZES = (5, 4, 3, 2)


def gradient_of(loss, weights):
    leaf = weights.clone().requires_grad_()
    return torch.autograd.grad(loss(leaf), leaf)[0]


def made(knobs, seeds=(0,), preset="custom"):
    kind = registry.load("edge-of-stability")
    return kind(kind.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def followed(one_thread):
    """A network of two outputs at random weights, said to be beyond its edge; what was found, and its loss as a function of weights."""
    rng = np.random.default_rng(3)
    x, targets = torch.from_numpy(rng.standard_normal((1, 30, 5))), torch.from_numpy(rng.standard_normal((1, 2, 30)))
    network = MLP(SIZES, 2, torch.float64, activation="tanh")
    drawn = [1.5 * values for values in first_weights(SIZES, rng)]
    network.load(1, drawn)
    found = Excursions(network, x.expand(2, -1, -1), targets.expand(2, -1, -1), {1: ETA}, 1e-9)
    vectors = torch.from_numpy(rng.standard_normal((2, network.layout.parameters)))
    kept = network.flat.clone()
    found.look(np.array([9.0, 2.05]), vectors)
    assert not found.found  # the first is not followed, the second not beyond
    found.look(np.array([0.0, 2.5]), vectors)
    assert torch.equal(network.flat, kept)

    def loss(weights):
        parts, start = [], 0
        for values in drawn:
            parts.append(weights[start : start + values.size].reshape(values.shape))
            start += values.size
        W1, b1, W2, b2, W3, b3 = parts
        outputs = torch.tanh(torch.tanh(x[0] @ W1 + b1) @ W2 + b2) @ W3 + b3
        return 0.5 * ((outputs - targets[0].T) ** 2).sum(dim=1).mean()

    return found, loss, torch.from_numpy(np.concatenate([values.ravel() for values in drawn]))


def test_the_quadratic_model_is_that_of_the_dense_hessian(followed):
    found, loss, start = followed
    g, H = gradient_of(loss, start).numpy(), hessian(loss, start).numpy()
    d, expected = np.zeros_like(g), []
    for _ in range(STEPS + 1):
        expected.append(loss(start).item() + g @ d + d @ H @ d / 2)
        d = d - ETA * (g + H @ d)
    np.testing.assert_allclose(found.found[1].model, expected, rtol=1e-8)


def test_sharpness_and_displacement_are_those_of_plain_descent(followed):
    found, loss, weights = followed
    one, losses, readings = found.found[1], [], []
    for _ in range(STEPS + 1):
        losses.append(loss(weights).item())
        gradient = gradient_of(loss, weights)
        readings.append((weights, gradient))
        weights = weights - ETA * gradient
    np.testing.assert_allclose(one.network[:20], losses[:20], rtol=1e-10)
    peak = int(np.argmax(one.network))
    first = max(0, peak - BEFORE)
    assert len(one.sharpness) == min(STEPS, peak + AFTER) - first + 1
    for place, (at, gradient) in enumerate(readings[first : first + min(12, len(one.sharpness))]):
        values, vectors = np.linalg.eigh(hessian(loss, at).numpy())
        assert one.sharpness[place] == pytest.approx(values[-1], rel=1e-6)
        assert abs(one.displacement[place]) == pytest.approx(abs(gradient.numpy() @ vectors[:, -1]) / values[-1], rel=1e-4, abs=1e-9)


def test_what_was_found_is_restored(followed):
    found = followed[0]
    again = Excursions(found._network, found._x, found._targets, {1: ETA}, 1e-9)
    again.restore(found.state())
    for name in ("model", "network", "sharpness", "displacement"):
        np.testing.assert_array_equal(getattr(again.found[1], name), getattr(found.found[1], name))
    assert again.found[1].eta_sharpness == 2.5


def test_rank_correlation_is_spearmans():
    a, b = np.random.default_rng(0).standard_normal((2, 30))
    assert rank_correlation(a, b + a) == pytest.approx(spearmanr(a, b + a).statistic)


# ---------------------------------------------------------------- claims

SQUARES = np.geomspace(1e-3, 1, 12)
GOOD = Excursion(
    2.2, 1.2 ** (2.0 * np.arange(STEPS + 1)), np.r_[1.0, 8.0, np.full(STEPS - 1, 0.1)],
    -np.r_[0.0, np.cumsum(SQUARES[:-1])], np.sqrt(SQUARES),
)  # fmt: skip


def test_a_change_of_sharpness_belongs_to_both_steps_in_which_it_came():
    """Where S falls by x^2 at every step, so does what is compared with it, also while the displacement collapses."""
    squares = np.r_[SQUARES, SQUARES[::-3]]
    sharpness = 8 - np.r_[0.0, np.cumsum(squares[:-1])]
    sums, change = changes(replace(GOOD, displacement=np.sqrt(squares) * (-1.0) ** np.arange(len(squares)), sharpness=sharpness))
    np.testing.assert_allclose(change, -sums, rtol=1e-9)
    assert len(sums) == len(squares) - 2


def verdict(excursion, name):
    run = made({"n": 200, "steps": 1000}, preset="quick")
    names = [quantity.name for quantity in run.spec.quantities]
    run.history.append(1000, {name: [0.0] * len(run.networks) for name in names})
    run.step = 1000
    run._excursions.found = {} if excursion is None else {1: excursion}
    assert run.networks[1].setting == run.followed
    run.checks = Checks(0.0, 0.0)
    return next(item for item in run.verdicts() if item.claim.id == name)


@pytest.mark.parametrize(("name", "change"), [
    ("EOS5", {"model": GOOD.model**0.99}),
    ("EOS5", {"network": np.r_[1.0, 8.0, np.full(STEPS - 1, 0.6)]}),
    ("EOS8", {"sharpness": -GOOD.sharpness}),
])  # fmt: skip
def test_each_claim_holds_of_good_readings_and_fails_of_bad_ones(one_thread, name, change):
    assert verdict(GOOD, name).status is Status.HOLDS
    assert verdict(replace(GOOD, **change), name).status is Status.FAILS


@pytest.mark.parametrize("name", ["EOS5", "EOS8"])
def test_networks_never_beyond_are_censored(one_thread, name):
    found = verdict(None, name)
    assert found.status is Status.CENSORED and "1 of 1 networks never read at eta S >= 2.1" in found.measured


def test_steps_that_are_hardly_displaced_say_nothing(one_thread):
    still = replace(GOOD, displacement=np.r_[1e-9 * np.ones(9), 1.0, 1.0, 1.0])
    assert len(changes(still)[0]) == 2
    assert verdict(still, "EOS8").status is Status.CENSORED


# ---------------------------------------------------------------- other data


SMALL_IMAGES = {
    "dataset": "digits196", "targets": "one-hot", "scaling": "columns", "init": "uniform", "precision": "float32", "n": 50, "width": 8,
    "edges": "5", "control": 40, "steps": 60, "every": 20,
}  # fmt: skip


def test_images_are_scaled_by_column_with_one_hot_targets_and_torchs_first_weights():
    config = registry.spec("edge-of-stability").configure("quick", SMALL_IMAGES)
    given = problem(config, streams(0))
    deviations = given.x.std(axis=0)
    assert np.abs(given.x.mean(axis=0)).max() < 1e-6
    assert np.allclose(deviations[deviations > 0], 1, atol=1e-5) and (deviations == 0).any()
    assert given.targets.shape == (50, 10) and (given.targets.sum(axis=1) == 1).all()
    sizes = layer_sizes(config)
    assert sizes == (196, 8, 8, 10)
    for weights, fan_in in zip(first_weights(sizes, np.random.default_rng(0), "uniform"), np.repeat(sizes[:-1], 2), strict=True):
        assert 0.8 < np.abs(weights).max() * np.sqrt(fan_in) <= 1 or weights.size < 20


def test_a_run_on_images_ends_where_every_network_reaches_the_goal(one_thread):
    run = work(made({**SMALL_IMAGES, "goal": 0.05}))
    assert run.done and run.step < 60
    accuracy = run.history.column("accuracy")[1]
    assert (accuracy[-1] >= 0.05).all() and (accuracy >= 0).all() and (accuracy <= 1).all()
    assert run.arrays()["w"].dtype == np.float32


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"precision": "float32", "tol": 1e-8}, "tol must be at least 1e-05 with precision float32, got 1e-08"),
        ({"dataset": "digits196", "n": 5000}, "n must be at most"),
    ],
)
def test_knobs_that_do_not_go_together_are_refused(knobs, words):
    with pytest.raises(KnobError, match=words):
        made(knobs)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_papers_network_on_digits_shows_its_claims(one_thread):
    kind = registry.load("edge-of-stability")
    run = work(kind(kind.spec.configure("cohen-small"), (0,), "cpu", "cohen-small"))
    assert {item.claim.id for item in run.verdicts() if item.status is Status.HOLDS} == {"EOS1", "EOS2", "EOS5", "EOS6", "EOS7", "EOS8"}
