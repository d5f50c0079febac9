"""The free model's exact minimum against simplices built by hand, automatic derivatives and descents from elsewhere."""

import math

import numpy as np
import pytest
import torch

from engine.errors import ProblemError
from engine.theory.neural_collapse.unconstrained_features import objective, simplex_minimum

CASES = [(10, 5, 0.005, 0.005), (2, 1, 0.01, 0.02), (4, 7, 1e-4, 3e-3), (20, 2, 0.002, 0.001)]


def simplex(classes, examples, gap, lw, lh):
    """W and H of a simplex whose logits differ by `gap`, with lw |W|^2 = lh |H|^2."""
    frame = math.sqrt(classes / (classes - 1)) * (np.eye(classes) - 1 / classes)
    product = gap * (classes - 1) / classes
    a = math.sqrt(product * math.sqrt(lh * examples / lw))
    return a * frame, np.repeat(product / a * frame, examples, axis=1), np.repeat(np.arange(classes), examples)


def by_autograd(w, h, labels, lw, lh):
    w, h = (torch.tensor(item, requires_grad=True) for item in (w, h))
    loss = torch.nn.functional.cross_entropy((w @ h).T, torch.from_numpy(labels))
    loss = loss + lw / 2 * (w**2).sum() + lh / 2 * (h**2).sum()
    loss.backward()
    return loss.item(), w.grad.numpy(), h.grad.numpy()


def test_the_published_example():
    found = simplex_minimum(10, 5, 0.005, 0.005)
    assert (round(found.gap, 3), round(found.loss, 4), round(found.weights, 2), round(found.features, 2)) == (4.388, 0.5475, 88.3, 88.3)


@pytest.mark.parametrize("case", CASES)
def test_the_minimum_is_a_simplex_without_slope_of_that_loss_and_those_lengths(case):
    classes, examples, lw, lh = case
    found = simplex_minimum(*case)
    w, h, labels = simplex(classes, examples, found.gap, lw, lh)
    loss, dw, dh = by_autograd(w, h, labels, lw, lh)
    assert loss == pytest.approx(found.loss, rel=1e-12)
    assert max(np.abs(dw).max(), np.abs(dh).max()) < 1e-12
    assert (np.sum(w**2), np.sum(h**2)) == pytest.approx((found.weights, found.features), rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_nothing_nearby_or_far_away_lies_lower(case):
    classes, examples, lw, lh = case
    found = simplex_minimum(*case)
    w, h, labels = simplex(classes, examples, found.gap, lw, lh)
    rng = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 1.0, 10.0):
        for _ in range(20):
            near = by_autograd(w + scale * rng.standard_normal(w.shape), h + scale * rng.standard_normal(h.shape), labels, lw, lh)
            assert near[0] >= found.loss


@pytest.mark.parametrize("strong", [0.2, 1.0])
def test_strong_decay_leaves_nothing(strong):
    found = simplex_minimum(3, 4, strong, strong)
    assert (found.gap, found.weights, found.features) == (0, 0, 0) and found.loss == pytest.approx(math.log(3))
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(3), 4)
    assert all(by_autograd(s * rng.standard_normal((3, 2)), s * rng.standard_normal((2, 12)), labels, strong, strong)[0] >= found.loss
               for s in (0.01, 0.1, 1) for _ in range(20))  # fmt: skip


def test_it_vanishes_continuously():
    edge = (1 - 1 / 5) / 4  # m = 1 - 1/K for one example and equal decays
    below, above = (simplex_minimum(5, 1, edge * factor, edge * factor) for factor in (1 - 1e-9, 1 + 1e-9))
    assert below.loss == pytest.approx(above.loss, abs=1e-8) and below.gap == pytest.approx(0, abs=1e-7)


def test_the_objective_and_its_gradients_are_those_of_automatic_derivatives():
    rng = np.random.default_rng(2)
    w, h, labels = rng.standard_normal((4, 3)) * 30, rng.standard_normal((3, 9)) * 30, rng.integers(0, 4, 9)
    for mine, theirs in zip(objective(w, h, labels, 0.01, 0.02), by_autograd(w, h, labels, 0.01, 0.02), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("bad", [(1, 5, 0.1, 0.1), (3, 0, 0.1, 0.1), (3, 5, 0.0, 0.1), (3, 5, 0.1, -1.0)])
def test_what_has_no_minimum_is_refused(bad):
    with pytest.raises(ProblemError):
        simplex_minimum(*bad)
