"""Noise on labels: its networks against plain loops, its presets' claims, resuming, knobs at their ends."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.contract import Status, unmet
from engine.errors import Diverged, KnobError
from engine.phenomena.min_norm.experiment import MinNorm
from engine.state import State
from tests.phenomena.driven import work
from tests.phenomena.headlines import headline_of
from tests.phenomena.min_norm.min_norm_runs import SMALL, curve, make, verdict

NOISY: dict[str, Any] = {**SMALL, "param": "label-noise", "n": 8, "d": 20, "nonzeros": 2, "alpha": 0.5, "delta": 1.0, "draws": 1}
NAMES = ("LN1", "LN2", "LN3", "LN4", "LN5", "LN6")


@pytest.fixture(scope="module")
def small() -> MinNorm:
    return work(make(**NOISY))


@pytest.fixture(scope="module")
def whole() -> MinNorm:
    knobs = {**NOISY, "n": 30, "d": 60, "nonzeros": 3, "delta": 5.0, "noise_step": 0.025, "steps": 24_000, "noisy": 0.5}
    return work(make(**knobs))


def test_every_claim_holds_and_says_its_numbers(whole: MinNorm) -> None:
    held = {name: verdict(whole, name) for name in NAMES}
    assert {name: item.holds for name, item in held.items()} == dict.fromkeys(NAMES, True)
    assert held["LN1"].values["GD"] > 1.5 and held["LN1"].values["label noise"] == pytest.approx(1, abs=0.01)
    assert whole.notes == () and verdict(whole, "MIR1").reason.startswith("needs param mirror")


def test_the_sparse_limit_is_that_of_a_linear_programme(whole: MinNorm) -> None:
    arrays = whole.arrays()
    X, y, weights = arrays["X"], arrays["y"], np.mean(arrays["X"] ** 2, axis=0)
    found = linprog(np.tile(weights, 2), A_eq=np.hstack([X, -X]), b_eq=y, bounds=(0, None))
    least = found.x[:60] - found.x[60:]
    np.testing.assert_allclose(arrays["w_hat"], least, atol=1e-7)
    assert verdict(whole, "LN2").measured == pytest.approx(np.linalg.norm(arrays["w"] - least) / np.linalg.norm(least), rel=1e-4)
    assert curve(whole, "noise-l1/noise-labels").y[-1] == pytest.approx(np.abs(arrays["w"]).sum() / 3)


@pytest.mark.parametrize(
    ("quantity", "setting", "value", "failing"),
    [
        ("l1", "noise-labels", 3.04, "LN1"),
        ("l1", "noise-none", 4.4, "LN1"),
        ("off-limit", "noise-labels", 0.011, "LN2"),
        ("identity", "noise-labels", 1.1e-9, "LN3"),
        ("hyperentropy", "noise-labels", 0.011, "LN4"),
        ("l1", "noise-weights", 4.4, "LN6"),
    ],
)
def test_a_claim_fails_by_the_number_that_speaks_against_it(
    whole: MinNorm, quantity: str, setting: str, value: float, failing: str
) -> None:
    run = copied(whole)
    place = [network.setting.name for network in run.networks].index(setting)
    record = run.history.records[-1]
    record[quantity] = [value if index == place else old for index, old in enumerate(record[quantity])]
    assert [name for name in NAMES if verdict(run, name).holds is False] == [failing]


def test_the_rate_fails_when_scales_fall_otherwise(whole: MinNorm) -> None:
    run = copied(whole)
    run.history.records = [{**record, "log-scale": (1.06 * np.array(record["log-scale"])).tolist()} for record in run.history.records]
    assert [name for name in NAMES if verdict(run, name).holds is False] == ["LN5"]


def copied(run: MinNorm) -> MinNorm:
    """The run again, with records of its own."""
    copy = make(run.seeds, **run.config.values())
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        copy.history.append(step, dict(record))
    while not copy.theory.done:
        copy.theory.advance()
    copy.step = run.step
    return copy


def test_the_study_draws_nothing_of_other_models_and_says_whose_norms_it_draws(whole: MinNorm) -> None:
    figures = {series.name.partition("/")[0] for series in whole.series()}
    assert figures == {"noise-l1", "alpha-eff", "norm-ratios", "train-loss"}
    assert {marker.figure for marker in whole.markers()} == figures
    assert whole.pictures() == () and len(make(**SMALL).pictures()) == 1
    assert {series.label for series in whole.series() if series.name.startswith("norm-ratios/")} == {
        "l1, noise on labels", "l2, noise on labels", "l∞, noise on labels",
    }  # fmt: skip
    assert {marker.figure for marker in whole.markers() if marker.label == "noise ends"} == figures


def test_the_headline_says_how_long_the_noise_lasts_while_it_does(whole: MinNorm) -> None:
    run = make(**NOISY)
    with_noise = work(run, until=run.config.noisy_steps // 2)
    assert f"the noise lasts until step {run.config.noisy_steps:,}" in headline_of(with_noise)
    told = headline_of(whole)
    l1 = [np.abs(part).sum() / 3 for part in whole.noise[0].w]
    assert list(told[:2]) == [f"step 24,000, l1 / true l1: {l1[1]:.2f} with noise on labels", f"{l1[0]:.2f} without"]
    assert not [clause for clause in told if "lasts" in clause]


def test_scales_are_drawn_along_their_formula(whole: MinNorm) -> None:
    measured, predicted = curve(whole, "alpha-eff/noise-labels"), curve(whole, "alpha-eff/noise-labels/theory")
    X = whole.arrays()["X"]
    slope = -2 * 0.025**2 * 25 * np.mean(X**2) / 30
    inside = predicted.x <= 12_000
    np.testing.assert_allclose(np.log(predicted.y[inside] / 0.5), slope * predicted.x[inside], atol=1e-9)
    there = (measured.x > 1000) & (measured.x <= 12_000)
    np.testing.assert_allclose(np.log(measured.y[there] / 0.5) / (slope * measured.x[there]), 1, atol=0.1)
    assert there.any() and np.diff(measured.x).min() >= 24_000 / 16, "the line shows between the squares"
    assert predicted.x[-1] == 24_000
    np.testing.assert_allclose(predicted.y[predicted.x >= 12_000], predicted.y[-1])  # without noise the scales stay
    assert 12_000 in whole.history.steps


def test_noise_has_figures_of_its_own_that_nothing_else_fills(small: MinNorm) -> None:
    other = make(**SMALL)
    figures = {figure.name: figure for figure in small.spec.figures}
    for name in ("noise-l1", "alpha-eff"):
        assert not unmet(figures[name].domain, small.config) and unmet(figures[name].domain, other.config)
        assert figures[name].draws(small.series()) and not figures[name].draws(other.series())
    for name in ("noise_step", "delta", "noisy"):
        needs = small.config.knob(name).needs
        assert not unmet(needs, small.config) and unmet(needs, other.config) == "needs param label-noise"


@pytest.mark.parametrize("preset", ["label-noise", "mirror"])
def test_a_study_shows_nothing_about_other_models(preset: str) -> None:
    views = (*MinNorm.spec.figures, *MinNorm.spec.pictures)
    foreign = {"plane", "alpha-sweep", "matrix-completion", "norm-vs-d"}
    assert {view.name for view in views if not unmet(view.domain, MinNorm.spec.configure("quick"))} >= foreign
    assert not {view.name for view in views if not unmet(view.domain, MinNorm.spec.configure(preset))} & foreign


def test_chunking_and_resuming_change_nothing(small: MinNorm) -> None:
    chopped = work(make(**NOISY), budget=0.0)
    np.testing.assert_equal(chopped.history.records, small.history.records)
    first = work(make(**NOISY), until=100)
    first.advance(0.0)
    saved, resumed = first.state(), make(**NOISY)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        resumed.history.append(step, record)
    resumed.step = first.step
    resumed.restore(State({k: v.copy() for k, v in saved.arrays.items()}, json.loads(json.dumps(saved.scalars, allow_nan=False))))
    work(resumed)
    np.testing.assert_equal(resumed.history.records, small.history.records)


def test_a_seed_among_others_is_the_seed_alone(small: MinNorm) -> None:
    both = work(make((3, 0), **NOISY))
    columns = both.readings.columns("noise-labels")
    np.testing.assert_array_equal(both.history.records[-1]["l1"][columns[1]], small.readings.latest("l1", "noise-labels")[0])


@pytest.mark.parametrize(
    "knobs",
    [
        {"n": 8, "d": 8},
        {"delta": 0.0},
        {"noisy": 0.0},
        {"noisy": 1.0},
        {"noise_step": 1e-4},
        {"alpha": 1e-4},
        {"n": 1, "d": 2},
        {"nonzeros": 20},
    ],
)
def test_knobs_at_their_ends_run_without_a_warning(knobs: dict[str, Any]) -> None:
    run = work(make(**{**NOISY, "steps": 60, **knobs}))
    assert not [item.claim.id for item in run.verdicts() if item.holds is False]
    assert all(np.all(np.isfinite(series.y)) for series in run.series())
    assert all(np.isfinite(marker.at) for marker in run.markers())
    scalars = {value.scalar.name: value for value in run.scalars()}
    assert all(value.seeds or value.reason for value in scalars.values())


@pytest.mark.parametrize("knobs", [{"noise_step": 1.0}, {"delta": 100.0, "noise_step": 0.5}, {"alpha": 10.0}])
def test_what_grows_without_bound_is_told_by_its_own_knobs(knobs: dict[str, Any]) -> None:
    run = make(**{**NOISY, **knobs})
    with pytest.raises(Diverged, match=r"diverged: noise_step is .* and delta .*, its weights grow without bound"):
        work(run)
    assert all(np.all(np.isfinite(series.y)) for series in run.series())
    assert all(verdict(run, name).status is Status.NOT_APPLICABLE for name in NAMES)


def test_more_true_weights_than_features_are_refused() -> None:
    with pytest.raises(KnobError, match="nonzeros must be at most d=20, got 25"):
        make(**{**NOISY, "nonzeros": 25})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_every_claim_of_the_preset_holds(seed: int) -> None:
    run = work(MinNorm(MinNorm.spec.configure("label-noise"), (seed,), "cpu", "label-noise"))
    held = {item.claim.id: item.holds for item in run.verdicts()}
    assert {name for name, holds in held.items() if holds} == set(NAMES)
