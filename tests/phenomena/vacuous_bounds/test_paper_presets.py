"""The papers' presets on a small MNIST in its real format: they start, train, measure and go on; what they declare and refuse."""

import json
import types
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.contract.domain import unmet
from engine.data.published import PUBLISHED, place
from engine.errors import DataError, ProblemError
from engine.phenomena.vacuous_bounds import experiment
from engine.phenomena.vacuous_bounds.claims import CLAIMS
from engine.phenomena.vacuous_bounds.experiment import VacuousBounds
from engine.phenomena.vacuous_bounds.pac_bayes_posterior import Posteriors
from engine.phenomena.vacuous_bounds.presets import PRESETS
from engine.phenomena.vacuous_bounds.problem import cut, draw_problem
from engine.phenomena.vacuous_bounds.recipes import recipe_of
from engine.seeds import streams
from engine.state import State
from engine.training.ensemble import TrainingSet
from tests.engine.data.published.small import described, idx_contents, lay
from tests.phenomena.driven import work

TRAIN, TESTS = 160, 40
CONTENTS = idx_contents(TRAIN, TESTS)
SMALL_MNIST = described(PUBLISHED["mnist"], CONTENTS, train=TRAIN, tests=TESTS)
TINY = {"n": 120, "width": 10, "epochs": 2, "random_epochs": 2, "steps": 12, "mc": 100, "m": 10, "D_over_m": 16}
LARGE = [preset.name for preset in PRESETS if "mnist" in preset.needs]
spec = VacuousBounds.spec
pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """A small MNIST, and networks over n that it suffices for."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "mnist", SMALL_MNIST)
    lay(SMALL_MNIST, CONTENTS, place(SMALL_MNIST))

    def shorter(follow, margin):
        found = recipe_of(follow, margin)
        return found and replace(found, hidden=(8,) * len(found.hidden), least=32, most=128, epochs=2, fewest_steps=4)

    monkeypatch.setattr(experiment, "recipe_of", shorter)


def make(preset, **knobs):
    return VacuousBounds(spec.configure(preset, {**TINY, **knobs}), (0,), "cpu", "custom")


def test_all_presets_of_the_papers_are_there_and_each_has_a_small_sister():
    names = {preset.name for preset in PRESETS}
    table = {"T600", "T1200", "T300x2", "T600x2", "T1200x2", "T600x3", "R600"}
    assert set(LARGE) == {"nagarajan-mnist", *(f"dziugaite-{name}" for name in table)}
    assert {f"{name}-small" for name in (*LARGE, "nagarajan-sphere")} <= names


@pytest.mark.parametrize("preset", ["dziugaite-R600", "dziugaite-T600x3", "nagarajan-mnist"])
def test_a_preset_trains_on_mnist_and_goes_on_bit_for_bit(preset, mnist):
    whole = work(make(preset))
    assert [verdict.claim.id for verdict in whole.verdicts() if verdict.mark == "no"] == []
    assert all(scalar.seeds or scalar.reason for scalar in whole.scalars())
    steps = whole.history.steps
    for share in (0.4, 0.8):
        first = work(make(preset), until=steps[int(share * (len(steps) - 1))])
        if not (first.due() or first.done):
            first.advance(1e-6)
        saved, second = first.state(), make(preset)
        for step, record in zip(first.history.steps, first.history.records, strict=True):
            second.history.append(step, json.loads(json.dumps(record)))
        second.restore(State({name: item.copy() for name, item in saved.arrays.items()}, json.loads(json.dumps(saved.scalars))))
        work(second)
        assert second.history.records == whole.history.records
        for mine, theirs in zip(second.state().arrays.values(), whole.state().arrays.values(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_as_published_pixels_stay_as_they_are_first_biases_begin_at_a_tenth_and_random_labels_take_every_step(mnist):
    run = make("dziugaite-R600")
    problem = draw_problem("mnist", 120, 0, training="published")
    assert problem.x.min() >= 0 and 0.9 < problem.x.max() <= 1 and problem.reach == pytest.approx(np.sqrt(785))
    assert np.array_equal(run.problems[0].x, problem.x)
    layers = cut(run.sgd.initial[0], run.config.sizes)
    assert np.all(layers[1] == np.float32(0.1)) and np.all(layers[3] == 0)
    assert run.certification.posteriors.steps.tolist() == [12]
    work(run, until=run.sgd.total)
    assert run.sgd.ends == [run.sgd.total]  # as many epochs as were asked for, fitted or not


def test_published_posteriors_begin_with_variances_of_the_weights_size_and_follow_rmsprop():
    rng, sizes, parameters = np.random.default_rng(0), (3, 4, 1), 3 * 4 + 4 + 4 + 1
    data = TrainingSet(torch.from_numpy(rng.standard_normal((1, 20, 3))), torch.from_numpy(rng.choice([-1.0, 1.0], (1, 20, 1))),
                       np.array([0]), np.array([0]))  # fmt: skip
    start, centre = rng.standard_normal((1, parameters)), rng.standard_normal((1, parameters))
    start[0, 3] = 0.0
    run = Posteriors(sizes, data, start, centre, [streams(0).order], [8], 0.025, 10, training="published")
    expected = np.where(start == 0, 1e-12, np.abs(start))
    np.testing.assert_allclose(np.exp(2 * run.spread.numpy()), expected)
    seen, gradients = [], run._gradients

    def watched(rows, noise):
        seen.append(gradients(rows, noise).clone())
        return seen[-1]

    run._gradients = watched
    place, square = run.trained[0].numpy().copy(), np.ones(2 * parameters + 2)
    for step in range(8):
        run.step()
        gradient = seen[-1][0].numpy()
        square = 0.9 * square + 0.1 * gradient**2
        place -= (1e-3 if step < 2 else 1e-4) * gradient / np.sqrt(square + 1e-10)
        np.testing.assert_allclose(run.trained[0].numpy(), place, rtol=1e-10)


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        ("dziugaite-T600", 471_601),
        ("dziugaite-T1200", 943_201),
        ("dziugaite-T300x2", 326_101),
        ("dziugaite-T600x2", 832_201),
        ("dziugaite-T1200x2", 2_384_401),
        ("dziugaite-T600x3", 1_192_801),
        ("nagarajan-mnist", 784 * 1024 + 4 * 1024**2 + 10 * 1024 + 5 * 1024 + 10),
    ],
)
def test_a_preset_declares_its_parameters_and_what_it_costs(preset, parameters):
    found = spec.work(spec.configure(preset), 1)
    assert found.parameters == parameters
    assert 5e8 < found.memory < 1e10
    assert found.operations > 1e13


def test_a_preset_whose_data_are_missing_says_so_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    for preset in ("dziugaite-T600", "nagarajan-mnist"):
        with pytest.raises(DataError, match="the data set mnist is not here") as caught:
            VacuousBounds(spec.configure(preset), (0,), "cpu", preset)
        assert "genlab data fetch mnist" in caught.value.hint


def test_what_does_not_fit_into_memory_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**8))
    with pytest.raises(ProblemError, match=r"55,000 training images of mnist and 1 network with posteriors take \d\.\d GB") as caught:
        VacuousBounds(spec.configure("dziugaite-T600"), (0,), "cpu", "dziugaite-T600")
    assert caught.value.hint.startswith("lower n")


def test_claims_about_table_1_are_meant_for_its_presets_alone():
    domain = next(claim.domain for claim in CLAIMS if claim.id == "VB13")
    meant = {preset.name for preset in PRESETS if not unmet(domain, spec.configure(preset.name))}
    left_out = {"dziugaite-T600-5k"}
    assert meant == {preset.name for preset in PRESETS if preset.name.startswith("dziugaite")} - left_out
    for knobs in ({"steps": 2000}, {"n": 2000}, {"width": 51}, {"depth": 4}, {"lr": 0.02}, {"mc": 500}, {"prior": "half-data"}):
        assert unmet(domain, spec.configure("dziugaite-T600-small", knobs)), knobs


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("preset", ["dziugaite-T600-small", "dziugaite-T1200x2-small", "nagarajan-mnist-small", "nagarajan-sphere-small"])
def test_a_small_sister_shows_the_effect_of_its_preset(preset):
    run = work(VacuousBounds(spec.configure(preset), (0,), "cpu", preset))
    marks = {item.claim.id: item.mark for item in run.verdicts()}
    own = {"d": {"VB13"}, "m": {"VB10", "VB11"}, "s": {"VB14"}}["d" if preset[0] == "d" else preset.split("-")[1][0]]
    assert "no" not in marks.values()
    assert {marks[name] for name in own} == {"yes"}
