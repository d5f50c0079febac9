"""Study homogeneous of max margin: the network against automatic differentiation, verdicts that can fail, resume, knobs and bad input."""

import numpy as np
import pytest
import torch

from engine.contract import Status
from engine.errors import DataError, KnobError, ProblemError
from engine.phenomena.max_margin.experiment import MaxMargin
from engine.phenomena.max_margin.homogeneous import pairs
from engine.phenomena.max_margin.homogeneous.two_layer import LogLossDescent, TwoLayer
from engine.theory.margins.homogeneous import log_loss
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.headlines import headline_of

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {"examples": 20, "width": 8, "steps": 420}
NAMES = ("HN1", "HN2", "HN3", "HN4")


def begin(seeds=(0,), preset="custom", **knobs):
    return MaxMargin(MaxMargin.spec.configure("homogeneous", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), **SMALL))


def statuses(run):
    return {item.claim.id: item.status for item in run.verdicts() if item.claim.id in NAMES}


@pytest.mark.parametrize("relu", [True, False])
def test_outputs_and_pull_are_those_of_automatic_differentiation(relu):
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((7, 5)), np.where(rng.random(7) < 0.5, -1.0, 1.0)
    network = TwoLayer(X, y, 3, relu)
    theta = network.first_weights(rng)
    given = torch.tensor(theta, requires_grad=True)
    hidden = torch.from_numpy(X) @ given[:15].reshape(5, 3)
    margins = torch.from_numpy(y) * ((hidden.relu() if relu else hidden) @ given[15:])
    loss = torch.log(torch.nn.functional.softplus(-margins).sum())
    loss.backward()
    q, before = network.margins(theta)
    np.testing.assert_allclose(q, margins.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(network.pull(theta, before, log_loss(q)[1]), -given.grad.numpy(), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(network.margins(3 * theta)[0], 9 * q, rtol=1e-12)
    per_point = [network.pull(theta, before, np.eye(7)[place]) @ theta for place in range(7)]
    np.testing.assert_allclose(per_point, 2 * q, rtol=1e-10)  # Euler


def test_the_loss_falls_with_every_step_and_motion_is_what_was_added():
    rng = np.random.default_rng(5)
    descent = LogLossDescent(TwoLayer(rng.standard_normal((6, 9)), np.ones(6), 4, True), 400, rng)
    descent.advance(200)
    before = descent.theta.copy()
    descent.advance(200)
    assert np.all(np.diff(descent.trail[:, 0]) < 0)
    moved = descent.theta - before
    cosine = moved @ descent.theta / np.linalg.norm(moved) / np.linalg.norm(descent.theta)
    assert descent.motion[1] == pytest.approx(1 - cosine)


def judged(**change):
    """Verdicts of a run whose trails are those of a network that goes to its limit, changed."""
    run = begin(preset="homogeneous")
    study = run.homogeneous
    for setting, (margin, slack) in zip(study.settings, ((0.03, 0.01), (0.97 * float(study.halves()[0]), 0.01)), strict=True):
        stepper = study.runs[setting][0].stepper
        t = np.arange(4001)
        logs = 3 - 0.02 * t
        squared = np.where(t < 200, 50.0, np.maximum(50.0, -logs / margin))
        rise = np.where(t < 200, 0.3, np.minimum(1.0, 0.4 + 0.6 * t / 4000))
        stepper.trail[:] = np.stack([logs, squared, change.get("least", 1.0) * rise * margin * squared, 0.05 + 0 * t,
                                     change.get("slack", slack) + 0 * t], axis=1)  # fmt: skip
        stepper.trail[3000:, 1] *= change.get("norm", 1.0)
        stepper.motion[:] = change.get("motion", 0.01)
    run.history.append(4000, study.measure())
    run.step = study.step = 4000
    return statuses(run)


def test_claims_hold_of_what_they_say_and_fail_of_other_trails():
    holds, fails = Status.HOLDS, Status.FAILS
    assert judged() == dict.fromkeys(NAMES, holds)
    assert judged(slack=0.04)["HN4"] is fails and judged(motion=0.04)["HN4"] is fails
    assert judged(norm=1.1)["HN2"] is fails
    assert judged(least=0.9)["HN3"] is fails and judged(least=1.1)["HN3"] is fails
    assert judged(norm=3.0)["HN1"] is fails


def test_a_run_goes_on_bit_for_bit(small):
    first = work(begin((0, 1), **SMALL), UNEVEN, until=100)
    for _ in range(3):
        if not first.due():
            first.advance(1e-6)
    second = begin((0, 1), **SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(first.state())
    work(second, UNEVEN)
    assert second.history.records == small.history.records
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)
    assert headline_of(second) == headline_of(small)


def test_figures_and_scalars_are_filled(small):
    drawn = {item.name.split("/")[0] for item in small.series() if item.x.size}
    assert drawn >= {"network-margin", "network-smoothed", "network-kkt", "network-slack", "network-fall", "two-layer test error"}
    values = {item.scalar.name: item for item in small.scalars()}
    assert len(values["relu_growth"].seeds) == 2 and values["margin"].reason == "needs study descent"
    one = work(begin(**{**SMALL, "act": "relu"}))
    assert {item.scalar.name: item.reason for item in one.scalars()}["identity_growth"] == "needs act identity or both"


@pytest.mark.parametrize("knobs", [{"width": 1}, {"steps": 1}, {"images": "digits5k"}, {"act": "identity"}])
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{**SMALL, **knobs}))
    assert headline_of(run) and all(np.isfinite(item.y).all() for item in run.series())
    assert set(statuses(run).values()) == {Status.NOT_APPLICABLE}


def test_what_cannot_be_is_named(monkeypatch, tmp_path):
    for knobs, sentence in (
        ({"examples": 901}, "examples must be at most 900 of two classes of digits196, got 901"), ({"examples": 19}, "examples must be"),
        ({"width": 0}, "width must be"), ({"act": "tanh"}, "act must be"), ({"images": "mnist1d"}, "images must be"),
    ):  # fmt: skip
        with pytest.raises(KnobError, match=sentence):
            MaxMargin.spec.configure("homogeneous", knobs)
    monkeypatch.setattr(pairs, "PAIR", (4, 4))
    with pytest.raises(ProblemError, match="are of one class, and a margin lies between two"):
        begin(**SMALL)
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    with pytest.raises(DataError, match="the data set mnist is not here"):
        begin(images="mnist", **SMALL)


def test_labels_that_no_hyperplane_separates_have_no_svm_to_compare_with(monkeypatch):
    def repeated(images, n, streams):
        pair = DRAWN(images, n, streams)
        X, y = pair.X.copy(), pair.y.copy()
        X[1], y[1] = X[0], -y[0]
        return type(pair)(X, y, pair.X_test, pair.y_test, pair.shape)

    monkeypatch.setattr("engine.phenomena.max_margin.homogeneous.study.draw_pair", repeated)
    run = work(begin(**SMALL))
    assert "no hyperplane through the origin separates the labels of seed 0" in run.notes[0]
    assert headline_of(run) and "w_hat" not in run.arrays()


DRAWN = pairs.draw_pair
