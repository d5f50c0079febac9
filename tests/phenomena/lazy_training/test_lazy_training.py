"""Lazy training: claims, gradients and kernels against autograd, the linearised model against plain descent, saving, refusals."""

import numpy as np
import pytest
import torch
from numpy.linalg import norm
from sklearn.metrics.pairwise import cosine_similarity

from engine.contract import Status, unmet
from engine.phenomena.lazy_training.pictures import in_blocks, in_span, plane_of
from engine.phenomena.lazy_training.predictions import linearised_weights, predict
from engine.phenomena.lazy_training.problem import draw_problem, first_weights
from engine.phenomena.lazy_training.two_layer import TwoLayerEnsemble
from tests.phenomena.driven import work
from tests.phenomena.lazy_training.made import SMALL, make

pytestmark = pytest.mark.usefixtures("one_thread")


def two_networks(alphas=(0.5, 20.0), tol=1e-9, seed=3):
    """Two networks of 6 neurons on 5 examples of 3 features, each with its own data."""
    rng = np.random.default_rng(seed)
    W, a = rng.standard_normal((2, 6, 3)), rng.standard_normal((2, 6))
    X, y = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 5))
    return TwoLayerEnsemble(W, a, X, y, X, alphas, (0.02, 0.03), tol), (W, a, X, y)


def outputs(W, a, X):
    """The student at scale 1, by torch."""
    return torch.relu(X @ W.T) @ a / W.shape[0] ** 0.5


@pytest.fixture(scope="module")
def finished():
    """The quick preset's problem and students, at five of its eight output scales and one width less."""
    return work(make(preset="quick", alpha=(0.01, 0.3, 10.0, 100.0, 1000.0), widths=(100,)), budget=5.0)


def test_every_claim_holds_at_the_full_size(finished) -> None:
    verdicts = {one.claim.id: one for one in finished.verdicts() if one.claim.id.startswith("LT")}
    assert {name: one.holds for name, one in verdicts.items()} == {f"LT{number}": True for number in range(1, 8)}


def test_directions_that_have_not_moved_are_one_layer_of_their_own(finished) -> None:
    rich, lazy = (next(one for one in finished.pictures() if one.name == f"directions/{name}") for name in ("rich", "lazy"))
    assert [layer.label for layer in lazy.layers if layer.label] == ["unmoved", "teacher"], "at alpha 1,000 no direction turns"
    assert sum(len(layer.xy) for layer in lazy.layers[:3]) == 25, "a quarter of the neurons"
    assert [layer.label for layer in rich.layers if layer.label] == ["before", "after", "teacher"]
    assert all(layer.kind == "points" for layer in (*rich.layers, *lazy.layers))


@pytest.mark.slow
def test_at_the_papers_setting_a_large_scale_is_clearly_worse() -> None:
    run = work(make(base="chizat-shallow", alpha=(0.01, 7.07, 707.0)), budget=5.0)
    verdicts = {one.claim.id: one for one in run.verdicts()}
    errors = run.history.records[-1]["test-error"]
    assert errors[0] < 0.05 < 0.5 < errors[2]
    assert verdicts["LT6"].status is Status.CENSORED  # the published steps leave large scales short of the others
    assert "at alpha 707" in verdicts["LT6"].reason and "still falling; raise steps" in verdicts["LT6"].reason


def test_readings_are_those_of_the_theory(finished) -> None:
    arrays, record = finished.arrays(), finished.history.records[-1]
    for place, alpha in enumerate(arrays["alphas"]):
        W, a = arrays["W"][place], arrays["a"][place]
        kernel = jacobian_kernel(W, a, arrays["X"])
        start = jacobian_kernel(arrays["W0"], arrays["a0"], arrays["X"])
        weights = [np.append(W.ravel(), a) for W, a in ((arrays["W0"], arrays["a0"]), (W, a))]
        y, X = arrays["y"], arrays["X"]
        expected = {
            "weight-change": norm(weights[1] - weights[0]) / norm(weights[0]),
            "kernel-change": norm(kernel - start) / norm(start),
            "kernel-rotation": 1 - cosine_similarity(start.reshape(1, -1), kernel.reshape(1, -1))[0, 0],
            "alignment": cosine_similarity(kernel.reshape(1, -1), np.outer(y, y).reshape(1, -1))[0, 0],
            "flipped": ((X @ arrays["W0"].T > 0) != (X @ W.T > 0)).mean(),
        }
        for name, value in expected.items():
            assert record[name][place] == pytest.approx(value, rel=1e-6, abs=1e-11), (alpha, name)
        predicted = alpha * np.maximum(arrays["X_test"] @ W.T, 0) @ a / np.sqrt(a.size)
        assert record["test-error"][place] == pytest.approx(np.mean((predicted - arrays["y_test"]) ** 2), rel=1e-9)


def jacobian_kernel(W, a, X):
    """The tangent kernel from the derivative of every output by every weight."""
    parts = torch.autograd.functional.jacobian(lambda W, a: outputs(W, a, torch.tensor(X)), (torch.tensor(W), torch.tensor(a)))
    jacobian = torch.cat([part.flatten(1) for part in parts], 1).numpy()
    return jacobian @ jacobian.T


def test_a_step_follows_the_gradient_of_the_scaled_loss() -> None:
    ensemble, (W, a, X, y) = two_networks()
    ensemble.step()
    ensemble.gather()
    for place, (alpha, rate) in enumerate(((0.5, 0.02), (20.0, 0.03))):
        leaves = [torch.tensor(values[place], requires_grad=True) for values in (W, a)]
        error = alpha * outputs(*leaves, torch.tensor(X[place])) - torch.tensor(y[place])
        (error.square().sum() / (2 * alpha**2)).backward()
        for leaf, found in zip(leaves, (ensemble.W[place], ensemble.a[place]), strict=True):
            np.testing.assert_allclose(found, (leaf - rate * leaf.grad).detach(), rtol=1e-12, atol=1e-14)


def test_networks_of_an_ensemble_equal_solo_runs_and_do_not_touch_each_other() -> None:
    both, (W, a, X, y) = two_networks()
    alone = TwoLayerEnsemble(W[1:], a[1:], X[1:], y[1:], X[1:], (20.0,), (0.03,), 1e-9)
    changed = TwoLayerEnsemble(W * [[[1.1]], [[1.0]]], a, X, y, X, (0.5, 20.0), (0.02, 0.03), 1e-9)
    for ensemble in (both, alone, changed):
        for _ in range(30):
            ensemble.step()
        ensemble.gather()
    np.testing.assert_allclose(both.W[1], alone.W[0], rtol=1e-12)
    np.testing.assert_array_equal(both.W[1], changed.W[1])
    assert not np.allclose(both.W[0], changed.W[0])


def test_a_network_rests_as_soon_as_its_residual_is_small() -> None:
    tol = 0.9
    ensemble, _ = two_networks((1.0, 2.0), tol)
    trace = []
    for _ in range(200):
        ensemble.gather()
        trace.append((ensemble.outputs(ensemble.X, [0, 1]) - ensemble.y).norm(dim=1) / ensemble.y.norm(dim=1))
        ensemble.step()
    ensemble.gather()
    residuals = torch.stack(trace).numpy()
    for place in range(2):
        taken = int(ensemble.steps_taken[place])
        assert 0 < taken < 199
        assert (residuals[:taken, place] > tol).all()
        assert residuals[taken, place] <= tol
        assert (residuals[taken:, place] == residuals[taken, place]).all()


@pytest.mark.parametrize("symmetrise", [True, False])
def test_the_linearised_model_is_what_descent_on_the_tangent_plane_reaches(symmetrise: bool) -> None:
    run = make(seeds=(5,), **SMALL, symmetrise=symmetrise)
    for setting in (run.scales[0], run.scales[2]):
        student, alpha = run.students[setting.m, 5], setting.alpha
        rate = run.rate(setting, student)
        points = torch.tensor(np.vstack([student.problem.X, student.problem.X_test]))
        leaves = (torch.tensor(student.W), torch.tensor(student.a))
        parts = torch.autograd.functional.jacobian(lambda W, a, at=points: outputs(W, a, at), leaves)
        jacobian = torch.cat([part.flatten(1) for part in parts], 1).numpy()
        start, moved, n = outputs(*leaves, points).numpy(), np.zeros(jacobian.shape[1]), len(student.problem.y)
        for _ in range(40):
            h = start + jacobian @ moved
            moved -= rate * jacobian[:n].T @ (h[:n] - student.problem.y / alpha)
        expected = alpha * (start + jacobian @ moved)[n:]
        np.testing.assert_allclose(student.prediction(alpha, 40.0, rate), expected, rtol=1e-8, atol=1e-10)


def test_the_teacher_is_the_chapters_sum() -> None:
    problem = draw_problem(1, 30, 5, 3)
    np.testing.assert_allclose(np.linalg.norm(problem.X, axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(problem.teacher, axis=1), 1.0)
    assert problem.y_test.std() == pytest.approx(1.0)
    ratios = [sum(c * max(0.0, float(t @ x)) for c, t in zip((1, -1, 1), problem.teacher, strict=True)) for x in problem.X]
    np.testing.assert_allclose(problem.y / problem.y[0], np.array(ratios) / ratios[0], rtol=1e-10)


def test_symmetrised_students_start_from_zero_and_others_are_shown_not_to() -> None:
    W, a = first_weights(0, 8, 3, True)
    np.testing.assert_array_equal(W[:4], W[4:])
    np.testing.assert_array_equal(a[:4], -a[4:])
    assert [one.holds for one in make(**SMALL).verdicts() if one.claim.id == "LT7"] == [True]
    plain = work(make(symmetrise=False, m=9, **{name: value for name, value in SMALL.items() if name != "m"}))
    assert plain.start > 0.1
    assert {one.reason for one in plain.verdicts() if one.claim.id == "LT7"} == {"needs symmetrise yes"}


def test_infinite_width_is_what_wide_students_tend_to() -> None:
    run = make(seeds=(0, 1), **{**SMALL, "m": 4, "widths": (100, 2000)})
    series = {one.name: one for one in run.series()}
    distance, line = series["width/infinite"], series["width-error/infinite"]
    np.testing.assert_array_equal(distance.x, [4, 100, 2000])
    ratios = distance.y[:-1] / distance.y[1:]
    assert ratios == pytest.approx(np.sqrt([25, 20]), rel=0.5)
    turn, angles = np.linspace(0, 2 * np.pi, 20_001)[:-1], np.linspace(0, np.pi, 401)
    first, second = np.cos(turn), np.cos(turn - angles[:, None])  # of w with either point, w in their plane; E |w|^2 = 2 there
    both = (first > 0) & (second > 0)
    mean = (2 * first * second * both).mean(1) + np.cos(angles) * both.mean(1)
    errors = []
    for seed in (0, 1):
        problem = draw_problem(seed, 20, 4, 2)
        kernel, cross = (np.interp(np.arccos(np.clip(at @ problem.X.T, -1, 1)), angles, mean) for at in (problem.X, problem.X_test))
        errors.append(np.mean((cross @ np.linalg.solve(kernel, problem.y) - problem.y_test) ** 2))
    assert line.lo[0] == pytest.approx(min(errors), rel=0.01) and line.hi[0] == pytest.approx(max(errors), rel=0.01)
    np.testing.assert_array_equal(line.y[0], line.y[1])


def test_decided_claims_carry_their_numbers(finished) -> None:
    values = {one.claim.id: one.values for one in finished.verdicts() if one.claim.id.startswith("LT")}
    assert all(values.values())
    assert values["LT4"]["measured"] == pytest.approx(values["LT4"]["rich"] / values["LT4"]["linearised"])
    assert values["LT3"]["gap at 10"] > values["LT3"]["gap at 100"] > values["LT3"]["gap at 1000"] > 0 < values["LT2"]["fall"]


def changed(run, quantity, factors):
    """The same run with its last readings of a quantity times these factors, one for each of its output scales."""
    other = make(preset="quick", alpha=run.config.alpha, widths=run.config.widths)
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        other.history.append(step, {name: list(values) for name, values in record.items()})
    other.restore(run.state())
    other.history.records[-1][quantity][: len(factors)] = np.array(other.history.records[-1][quantity])[: len(factors)] * factors
    return {one.claim.id: one.status for one in other.verdicts()}


@pytest.mark.parametrize(
    ("claim", "quantity", "factors"),
    [
        ("LT1", "weight-change", (1, 1, 1, 1.4, 1.4)),
        ("LT2", "kernel-change", (1, 1, 4, 1, 1)),
        ("LT2", "kernel-change", (1, 1, 1e-6, 1, 1)),
        ("LT3", "gap", (1, 1, 1, 1, 5)),
        ("LT3", "gap", (1, 1, 5, 1, 1)),
        ("LT4", "test-error", (20, 1, 1, 1, 1)),
        ("LT5", "test-error", (1, 0.01, 1, 1, 1)),
    ],
)
def test_wrong_numbers_fail(finished, claim, quantity, factors) -> None:
    assert changed(finished, quantity, np.ones(5))[claim] is Status.HOLDS
    assert changed(finished, quantity, np.array(factors))[claim] is Status.FAILS


def test_errors_are_compared_at_equal_loss_only(finished) -> None:
    found = changed(finished, "train-residual", np.array([1, 1, 1, 1, 1.5]))
    assert {name for name, status in found.items() if status is Status.CENSORED} == {"LT4", "LT5", "LT6"}


def test_a_residual_that_no_longer_falls_is_no_fair_comparison(finished) -> None:
    other = make(preset="quick", alpha=finished.config.alpha, widths=finished.config.widths)
    for step, record in zip(finished.history.steps, finished.history.records, strict=True):
        other.history.append(step, {**record, "train-residual": [0.5] * len(record["train-residual"])})
    other.restore(finished.state())
    found = next(one for one in other.verdicts() if one.claim.id == "LT6")
    assert found.status is Status.FAILS
    assert "has stopped falling" in found.note
    other.config = other.config.changed(rule="published")
    found = next(one for one in other.verdicts() if one.claim.id == "LT6")
    assert found.status is Status.CENSORED
    assert "no longer falling: this step may be too long, lower lr" in found.reason


def test_weights_are_predicted_at_the_step(finished) -> None:
    """By descent on the tangent plane, step by step."""
    run, way = finished, next(one for one in finished.series() if one.name == "weight-change/theory")
    setting = run.scales[-1]
    student, taken = run.students[setting.m, 0], int(run.readings.latest("steps-taken", setting.name)[0])
    X, root = student.problem.X, np.sqrt(student.a.size)
    hidden = np.maximum(X @ student.W.T, 0)
    inner = (((hidden > 0) * student.a)[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    jacobian = np.hstack([inner, hidden]) / root
    moved, rate = np.zeros(jacobian.shape[1]), run.rate(setting, student)
    for _ in range(taken):
        moved -= rate * jacobian.T @ (jacobian @ moved - student.problem.y / setting.alpha)
    assert way.y[-1] == pytest.approx(norm(moved) / student.length, rel=1e-6)
    measured = next(one for one in run.series() if one.name == "weight-change")
    assert measured.y[-1] == pytest.approx(way.y[-1], rel=2e-3)
    eternal = student.linearised(setting.alpha).displacement([np.inf])[0] / (setting.alpha * student.length)
    assert eternal > 1.015 * way.y[-1]
    W, a = linearised_weights(student, setting.alpha, taken, rate)
    np.testing.assert_allclose(np.append((W - student.W).ravel(), a - student.a), moved, rtol=1e-6, atol=1e-12)


def test_the_gap_has_its_leading_order(finished) -> None:
    """The remainder of the linearised weights, and what plain descent through the first kernel does about it on the training points."""
    setting = finished.scales[-2]
    student, taken = finished.students[setting.m, 0], int(finished.readings.latest("steps-taken", setting.name)[0])
    rate = finished.rate(setting, student)
    W, a = linearised_weights(student, setting.alpha, taken, rate)
    problem, start = student.problem, torch.tensor(np.append(student.W.ravel(), student.a))

    def at(points):
        def remainder(weights):
            return setting.alpha * outputs(weights[: -len(a)].reshape(W.shape), weights[-len(a) :], torch.tensor(points))

        move = torch.tensor(np.append((W - student.W).ravel(), a - student.a))
        value, slope = torch.autograd.functional.jvp(remainder, start, move)
        return (remainder(start + move) - value - slope).numpy()

    kernel = jacobian_kernel(student.W, student.a, problem.X)
    work_off = np.zeros(len(problem.y))
    remainder_there = at(problem.X)
    for _ in range(taken):
        work_off += rate * (remainder_there - kernel @ work_off)
    expected = at(problem.X_test) - student.cross @ work_off
    found = predict(student, setting.alpha, taken, rate)
    assert found.gap == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-6)
    start_kernel, kernel = (jacobian_kernel(*weights, problem.X) for weights in ((student.W, student.a), (W, a)))
    assert found.kernel_change == pytest.approx(norm(kernel - start_kernel) / norm(start_kernel), rel=1e-9)


def test_lines_that_follow_no_formula_are_not_theory(finished) -> None:
    theory = {one.name for one in finished.series() if one.kind == "theory"}
    assert theory == {
        "test-error/linearised", "weight-change/theory", "kernel-change/theory", "gap/theory",
    }  # fmt: skip


def test_everything_declared_is_shown(finished) -> None:
    from fnmatch import fnmatch

    run = work(make(**SMALL))
    names = [series.name for series in run.series()]
    for figure in run.spec.figures:
        filled = any(fnmatch(name, pattern) for name in names for pattern in figure.series)
        assert filled or unmet(figure.domain, run.config), figure.name
    assert [picture.name for picture in finished.pictures()] == [picture.name for picture in run.spec.pictures]
    for series in (*run.series(), *finished.series()):
        assert np.isfinite(series.y).all(), series.name


def test_blocks_are_means_and_the_plane_is_orthonormal() -> None:
    kernel = np.random.default_rng(0).standard_normal((80, 80))
    order = np.random.default_rng(1).permutation(80)
    assert in_blocks(kernel, order)[3, 5] == pytest.approx(np.mean([kernel[i, j] for i in order[6:8] for j in order[10:12]]))
    teacher = draw_problem(0, 20, 6, 1).teacher
    plane = plane_of(teacher)
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-12)
    assert np.linalg.norm(teacher @ plane) == pytest.approx(1.0)


def test_rich_neurons_lie_in_the_teachers_span_and_lazy_ones_stay(finished) -> None:
    arrays = finished.arrays()
    W, a, teacher = arrays["W"], arrays["a"], arrays["teacher"]
    start = in_span(arrays["W0"], arrays["a0"], teacher)
    assert in_span(teacher[:1] + teacher[1:2], np.ones(1), teacher) == pytest.approx(1.0)
    assert start < 0.3 < 0.7 < in_span(W[0], a[0], teacher)
    assert in_span(W[-1], a[-1], teacher) == pytest.approx(start, abs=1e-3)


@pytest.mark.slow
def test_the_whole_quick_preset_holds() -> None:
    own = {one.claim.id: one.holds for one in work(make(preset="quick"), budget=5.0).verdicts() if one.claim.applies("quick")}
    assert own == dict.fromkeys([f"LT{number}" for number in range(1, 8)], True)
