"""Deep double descent: training against autograd, masks, sizes, counts, exact companions, claims, saving, refusals."""

from fnmatch import fnmatch

import numpy as np
import pytest
import torch
from sklearn.isotonic import IsotonicRegression

from engine.contract import Status
from engine.data.registry import load
from engine.errors import Diverged, KnobError
from engine.phenomena.deep_double_descent import problem as problem_module
from engine.phenomena.deep_double_descent.claims import JUDGES, rises
from engine.phenomena.deep_double_descent.exact import landmarks, linear_risk, sample_wise, several_steps, two_scales
from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent
from engine.phenomena.deep_double_descent.networks import Setting, grouped, networks_of, parameters, threshold_width
from engine.phenomena.deep_double_descent.sweeps import down_up_down, isotonic, largest_fitted, mean_share, peak_position
from engine.readings import History, Network
from engine.runner.divergence import knob_to_lower
from engine.seeds import streams
from engine.state import State
from tests.phenomena.driven import work

SMALL = {
    "dataset": "mnist1d", "convention": "uniform", "h": (2, 5, 20), "n": 100, "steps": 100, "lr": 0.01, "tests": 100, "samples": (20, 50),
    "sample_h": 20, "clean": True,
}  # fmt: skip
BATCHED = {**SMALL, "optimizer": "sgd", "batch": 30, "loss": "ce", "depth": 2}


@pytest.fixture(autouse=True)
def few_signals(monkeypatch):
    """Eight thousand signals take two seconds; these tests use two hundred."""
    monkeypatch.setattr(problem_module, "GENERATED", 200)


def make(seeds=(0,), preset="custom", **knobs):
    return DeepDoubleDescent(DeepDoubleDescent.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def finished():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_module, "GENERATED", 200)
        return work(make(seeds=(0, 1), **SMALL))


def plain(network, X, y, steps, loss):
    """Train torch's own layers with torch's own Adam on the whole set; return the model."""
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    targets = torch.nn.functional.one_hot(y, 10).float()
    for _ in range(steps):
        optimizer.zero_grad()
        outputs = network(X)
        value = (outputs - targets).square().sum(1).mean() if loss == "mse" else torch.nn.functional.cross_entropy(outputs, y)
        value.backward()
        optimizer.step()
    return network


@pytest.mark.parametrize(("loss", "h", "n"), [("mse", 5, 100), ("ce", 5, 100), ("mse", 2, 20), ("ce", 2, 20)])
def test_a_masked_member_trains_like_torchs_own_network(loss: str, h: int, n: int) -> None:
    """Padded to wider networks, and with 20 of 50 examples."""
    experiment = make((3,), **{**SMALL, "loss": loss})
    number = experiment.networks.index(Network(Setting("noisy", h, n), 3))
    group = next(group for group in experiment.groups if number in group.numbers)
    beside = [experiment.networks[one].setting for one in group.numbers]
    assert max(one.h for one in beside) > h
    assert max(one.n for one in beside) == (100 if n == 100 else 50)
    place, problem = group.numbers.index(number), experiment.problems[0]
    W, b, V, c = (torch.from_numpy(block[place].numpy().copy()) for block in group.trainer.network.blocks)
    network = torch.nn.Sequential(torch.nn.Linear(40, h), torch.nn.ReLU(), torch.nn.Linear(h, 10))
    for parameter, value in zip(network.parameters(), (W[:, :h].T, b[0, :h], V[:h].T, c[0]), strict=True):
        parameter.data.copy_(value)
    X, y = torch.from_numpy(problem.x[:n]), torch.from_numpy(problem.labels["noisy"][:n])
    plain(network, X, y, 20, loss)
    experiment.train(20, 1e9)
    found = {name: values[number] for name, values in experiment.measure().items()}
    with torch.no_grad():
        outputs, fitted = network(torch.from_numpy(problem.x_test)), network(X)
    truth = torch.from_numpy(problem.y_test)
    assert found["test-error"] == pytest.approx(float((outputs.argmax(1) != truth).float().mean()), abs=0.011)
    assert found["train-error"] == pytest.approx(float((fitted.argmax(1) != y).float().mean()), abs=1.1 / n)
    squares = (outputs - torch.nn.functional.one_hot(truth, 10)).square().sum(1).mean()
    expected = squares if loss == "mse" else torch.nn.functional.cross_entropy(outputs, truth)
    assert found["test-loss"] == pytest.approx(float(expected), rel=1e-3)
    assert not group.trainer.network.blocks[0][place][:, h:].any()


def test_parameters_and_threshold_are_those_of_torchs_layers() -> None:
    layers = torch.nn.Sequential(torch.nn.Linear(40, 7), torch.nn.Linear(7, 7), torch.nn.Linear(7, 10))
    assert parameters(40, 7, 2, 10) == sum(values.numel() for values in layers.parameters())
    assert threshold_width(500, 40, 1, 10) == pytest.approx((5000 - 10) / 51)
    assert parameters(40, int(threshold_width(4000, 40, 2, 10)), 2, 10) <= 40_000


@pytest.mark.parametrize(("preset", "batch"), [("standard", 0), ("standard", 50), ("mnist1d-notebook", 100)])
def test_every_network_is_in_one_group_and_masks_waste_little(preset: str, batch: int) -> None:
    networks = [*networks_of(DeepDoubleDescent.spec.configure(preset), range(3)), Network(Setting("noisy", 7, 64), 0)]
    assert len(set(networks)) == len(networks)
    groups = grouped([network.setting for network in networks], batch)
    assert sorted(number for group in groups for number in group) == list(range(len(networks)))
    for group in groups:
        widths, sizes = ({getattr(networks[number].setting, name) for number in group} for name in ("h", "n"))
        examples = batch if 0 < batch < min(sizes) else max(64, *sizes)
        assert len(sizes) == 1 or max(sizes) <= 64
        assert len(sizes) == 1 or not 0 < batch < max(sizes)
        assert 2 * min(widths) > max(widths) or max(widths) * examples <= 8192 or max(widths) <= 16


def test_training_sets_are_nested_and_only_training_labels_are_noisy() -> None:
    config = DeepDoubleDescent.spec.configure("quick", {**SMALL, "noise": 1.0, "convention": "incorrect"})
    drawn = problem_module.draw_problem(config, 4)
    fewer = problem_module.draw_problem(config.changed(noise=0.0), 4)
    assert drawn.flipped == 1.0
    assert fewer.flipped == 0.0
    np.testing.assert_array_equal(drawn.y_test, fewer.y_test)
    np.testing.assert_array_equal(drawn.labels["clean"], fewer.labels["noisy"])


def test_two_scales_have_the_published_valleys_and_the_simulation_agrees() -> None:
    found = two_scales(5)
    first, peak, end = landmarks(found.exact)
    assert [found.exact[place] for place in (first, peak, end)] == pytest.approx([1.5, 1.91, 1.05], abs=0.02)
    assert np.abs(found.z[1:]).max() < 4


def test_several_steps_at_once_are_those_of_gradient_descent() -> None:
    rng = np.random.default_rng(1)
    X, y, first = rng.standard_normal((9, 4)) / 3, rng.standard_normal((9, 2)), rng.standard_normal((4, 2))
    W = first
    for _ in range(23):
        W = W - 0.5 * X.T @ (X @ W - y)
    P, S = several_steps(X.T @ X, 23)
    np.testing.assert_allclose(P @ first + S @ (0.5 * X.T @ y), W, rtol=1e-12)


def test_landmarks_are_the_largest_rise_after_the_start() -> None:
    curve = np.array([0.9, 0.3, 0.8, 0.5, 0.6, 0.55, 0.7, 0.4])
    assert landmarks(curve) == (1, 2, 7)
    assert landmarks(curve, 2) == (3, 6, 7)


def test_linear_risk_is_that_of_the_pseudo_inverse() -> None:
    rng, b = np.random.default_rng(8), np.full(100, 0.1)
    risks = []
    for _ in range(200):
        X = rng.standard_normal((50, 100))
        w = np.linalg.pinv(X) @ (X @ b + 0.5 * rng.standard_normal(50))
        risks.append(np.sum((w - b) ** 2))
    error = np.std(risks, ddof=1) / np.sqrt(200)
    assert abs(np.mean(risks) - linear_risk(np.array([50.0]))[0]) < 4 * error
    simulated = sample_wise(2)
    assert np.abs(simulated.z).max() < 4
    assert simulated.mean[1] > simulated.mean[0]


def test_the_complexity_is_the_largest_sample_size_that_is_fitted_neighbours_that_fall_pooled() -> None:
    curves = ([0.0, 0.1, 0.3], [0.3, 0.0, 0.2], [0.15, 0.0, 0.2], [0.2, 0.3, 0.4])
    assert [largest_fitted(np.array(errors), 0.1) for errors in curves] == [1, -1, 1, -1]


def test_isotonic_regression_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        values = rng.random(9)
        np.testing.assert_allclose(isotonic(values), IsotonicRegression().fit_transform(np.arange(9), values), atol=1e-11)


@pytest.mark.parametrize(
    ("places", "holds"),
    [
        ([0, 2, 1, 3], True),
        ([-1, -1, 1, 3], True),  # from less than the first size
        ([1, 2, 4], True),  # to the last size or more
        ([0, 3, 1, 4], False),
        ([2, 2], False),
        ([-1, -1], False),
        ([1, 4, 3, 4], False),  # the fall from "the last or more" may be of any depth
        ([0, -1, 3], False),  # and so may that to "less than the first"
    ],
)
def test_rising_takes_the_ends_of_the_grid_as_limits(places, holds: bool) -> None:
    assert rises(np.array(places), np.array([2, 4, 8, 16, 31]), np.array(places)) is holds


def test_below_a_first_size_of_one_is_only_zero() -> None:
    assert rises(np.array([0, -1, 3]), np.array([1, 2, 4, 8, 16]), np.array([0, -1, 3]))


def test_a_fall_that_luck_explains_is_none():
    places, sizes = np.array([-1, 5, 3, 6]), np.array([1, 2, 4, 8, 16, 31, 62, 125])
    assert not rises(places, sizes, places)
    assert rises(places, sizes, np.array([0, 5, 4, 6]))
    assert not rises(np.array([-1, 5, 3, 2]), sizes, np.array([-1, 5, 5, 3]))


CURVE = {"h": (2, 8, 12, 50, 80, 600), "samples": (0,)}
FALLING = [0.7, 0.4, 0.3, 0.35, 0.36, 0.25]  # test errors down, up, down
LOSSES = [0.88, 0.7, 0.6, 1.3, 1.2, 0.7]


def made_up(error=FALLING, loss=LOSSES, **knobs):
    """Verdicts on six widths with these readings at the last step, for one seed; no network is trained."""
    run = make(**{**CURVE, **knobs})
    kinds = 2 if run.config.clean else 1
    values = {"train-error": [0.0] * 6 * kinds, "test-error": error, "test-loss": loss, "train-loss": [0.0] * 6 * kinds}
    run.history.append(run.total, values)
    return {one.claim.id: one for one in run.verdicts()}


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("DDD1", {"error": [0.39, *FALLING[1:]]}),  # no first descent by .1: 0.39 to 0.3 is .09
        ("DDD1", {"loss": [0.99, 0.95, 0.92, 2.0, 2.0, 0.95]}),  # the first minimum is no better than constant outputs
        ("DDD1", {"error": [*FALLING[:3], 0.32, 0.329, 0.25]}),
        ("DDD1", {"error": [*FALLING[:5], 0.331]}),
        ("DDD1", {"loss": [*LOSSES[:5], 0.88]}),
        ("DDD2", {"loss": [0.5, 1.5, 0.7, 0.8, 0.7, 0.6]}),
        ("DDD3", {"error": [*FALLING[:5], 0.3]}),
        ("DDD5", {"error": FALLING * 2, "loss": [*LOSSES, 0.9, 0.8, 0.7, 1.31, 1.0, 0.6], "clean": True}),
    ],
)
def test_claims_of_the_width_are_decided_by_their_tolerances(name: str, knobs) -> None:
    good = made_up(error=FALLING * 2, loss=[*LOSSES, 0.95, 0.8, 0.6, 0.7, 0.8, 0.5], clean=True)
    assert [good[one].status for one in ("DDD1", "DDD2", "DDD3", "DDD5")] == [Status.HOLDS] * 4
    assert made_up(**knobs)[name].status is Status.FAILS


def test_a_difference_of_shares_that_equals_its_tolerance_is_within_it() -> None:
    """.6 - .5 is .09999999999999998 and .33 - .3 is .030000000000000027 in float64; as counts they are .1 and .03."""
    found = made_up(error=[0.6, 0.55, 0.5, 0.52, 0.53, 0.4], loss=LOSSES)["DDD1"]
    assert (found.values["error_fall"], found.values["error_rise"], found.status) == (0.1, 0.03, Status.HOLDS)


def test_the_headline_gives_error_and_loss_at_first_minimum_peak_and_largest_width() -> None:
    run = make(**CURVE)
    run.history.append(run.total, {"train-error": [0.0] * 6, "test-error": FALLING, "test-loss": LOSSES, "train-loss": [0.0] * 6})
    told = run.headline(run.scalars())
    assert told[0].startswith("test error ") and " of train labels wrong" in told[1]
    assert told[2].startswith("test loss 0.600 at h = 12, 1.30 at 50, ") and told[2].endswith(" at 600")
    assert told[3] == f"nK parameters at h = {run.threshold:.0f}"


@pytest.mark.parametrize(("late", "places"), [(0.3, (0, 1, 2)), (0.5, (0, 2, 2))])
def test_a_test_error_that_is_highest_at_the_last_step_has_no_peak_in_time(late: float, places: tuple[int, int, int]) -> None:
    run = make(**CURVE)
    for step, error in ((0, 0.2), (10, 0.4), (run.total, late)):
        values = {"train-error": [0.0] * 6, "test-error": [error] * 6, "test-loss": LOSSES, "train-loss": [0.0] * 6}
        run.history.append(step, values)
    assert run.sweeps.landmarks() == places


def test_minimum_and_peak_are_the_largest_rise_and_the_second_minimum_follows() -> None:
    assert down_up_down(np.array([0.9, 0.5, 0.55, 0.3, 0.4, 0.8, 0.6, 0.65])) == (3, 5, 6)
    assert down_up_down(np.array([0.9, 0.5, 0.3])) == (0, 0, 2)


def test_the_peak_lies_on_the_parabola_through_the_highest_three() -> None:
    h = np.array([10, 20, 50, 100, 300])
    curve = 3 - 2 * np.log(h / 40.0) ** 2
    assert peak_position(h, curve) == pytest.approx(40)
    assert peak_position(h, np.arange(5.0)) == 300


def test_mistakes_are_counted_so_that_ten_of_a_hundred_are_a_tenth() -> None:
    """A float32 holds .10000000149 for them; three seeds of them sum to more than .3 even in float64."""
    run = make(**{**SMALL, "h": (4,), "clean": False, "samples": (20,), "sample_h": 4})
    wrong = torch.zeros(1, 100, dtype=torch.bool)
    wrong[:, :10] = True
    run._wrong_and_loss = lambda outputs, labels: (wrong[:, : labels.shape[1]], wrong[:, : labels.shape[1]].float())
    by_name = dict(zip([network.setting.n for network in run.networks], run.measure()["train-error"], strict=True))
    assert by_name == {100: 0.1, 20: 0.5}
    assert mean_share(np.full((2, 3), 0.1)).tolist() == [0.1, 0.1]
    assert largest_fitted(mean_share(np.full((1, 3), 0.1)), 0.1) == 0


def test_pixels_are_centred_on_the_training_examples_and_constant_ones_carry_no_parameter() -> None:
    images = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    images[:, 2] = 0.25
    moved = problem_module.centred(images, images[:30])
    np.testing.assert_allclose(moved[:30].mean(0), 0, atol=1e-6)
    assert moved[:30].std() == pytest.approx(1, abs=1e-6)
    assert not moved[:, 2].any()
    run = make(h=(4,), n=100, tests=100, samples=(0,))
    split = load("digits196", 100, 100, streams(0))
    varying = sum(len(set(pixel.tolist())) > 1 for pixel in split.x.T)
    assert run.problems[0].varying == varying < 196
    assert run.threshold == pytest.approx((100 * 10 - 10) / (varying + 11), rel=1e-6)


def complexity_verdict(early, late):
    """DDD9 on training errors of widths 2, 5, 20 (rows) at n = 20, 50, 100, at step 0 and at the last."""
    run = make(seeds=(0, 1, 2), h=(2, 5, 20), n=100, tests=100, samples=(20, 50), steps=500)
    for step, errors in ((0, early), (500, late)):
        by = {(h, n): errors[i][j] for i, h in enumerate((2, 5, 20)) for j, n in enumerate((20, 50, 100))}
        values = [by[one.setting.h, one.setting.n] for one in run.networks]
        run.history.append(step, {"train-error": values, "test-error": values, "test-loss": values, "train-loss": values})
    return JUDGES["DDD9"](run).of(next(claim for claim in run.spec.claims if claim.id == "DDD9"))


def test_complexity_must_rise_in_width_and_in_steps_of_every_width() -> None:
    never, some, most = [0.5, 0.6, 0.7], [0.0, 0.3, 0.4], [0.0, 0.0, 0.4]
    assert complexity_verdict([never] * 3, [some, some, most]).holds is True
    early = complexity_verdict([never, never, some], [some, most, some])
    assert early.holds is False
    assert "not rising in steps at h=20, in h" in early.note
    below = complexity_verdict([never] * 3, [never, some, most])
    assert below.holds is False
    assert "not rising in steps at h=2" in below.note
    assert below.measured == "< 20 at h=2, 20 at h=5, 50 at h=20"


def test_exact_claims_are_decided_at_once_and_the_others_wait() -> None:
    holds = {one.claim.id: one.holds for one in make(preset="quick", **SMALL).verdicts()}
    assert {name for name, value in holds.items() if value} == {"DDD6", "DDD8"}
    assert {name for name, value in holds.items() if value is None} == {f"DDD{number}" for number in (1, 2, 3, 4, 5, 7, 9, 10)}


def test_verdicts_carry_numbers_or_a_reason(finished) -> None:
    verdicts = finished.verdicts()
    assert all(one.values for one in verdicts if one.holds is not None)
    assert all(one.reason for one in make(**SMALL).verdicts() if one.holds is None)
    assert {one.claim.id: one.status for one in work(make(**{**SMALL, "clean": False})).verdicts()}["DDD5"] is Status.NOT_APPLICABLE


def test_everything_declared_is_shown(finished) -> None:
    names = [series.name for series in finished.series()]
    for figure in finished.spec.figures:
        assert any(fnmatch(name, pattern) for name in names for pattern in figure.series), figure.name
    assert [picture.name for picture in finished.pictures()] == [picture.name for picture in finished.spec.pictures]
    assert {marker.label for marker in finished.markers()} >= {"nK parameters", "n = d", "100 or more"}
    for series in finished.series():
        assert np.isfinite(series.y).all(), series.name


def test_complexity_is_the_largest_sample_size_with_a_small_training_error(finished) -> None:
    record, sizes = finished.history.records[-1]["train-error"], (20, 50, 100)
    for row, h in enumerate((2, 5, 20)):
        means = {
            n: np.mean([record[number] for number, one in enumerate(finished.networks) if one.setting == Setting("noisy", h, n)])
            for n in sizes
        }
        fitted = [n for n, error in means.items() if error <= 0.1]
        place = finished.sweeps.complexities()[row, -1]
        assert (sizes[place] if place >= 0 else None) == (max(fitted) if fitted else None)


def test_chunking_changes_no_number() -> None:
    whole, sliced = work(make(**SMALL), budget=10.0), work(make(**SMALL), budget=0.0)
    assert sliced.history.steps == whole.history.steps
    assert sliced.history.records == whole.history.records


@pytest.mark.parametrize(("knobs", "until"), [(SMALL, 0), (SMALL, 32), (BATCHED, 32)])
def test_saving_between_measurements_resumes_bit_for_bit(knobs, until: int) -> None:
    whole, half = work(make(**knobs)), work(make(**knobs), until=until)
    half.advance(0.0)
    rest = make(**knobs)
    for step, record in zip(half.history.steps, half.history.records, strict=True):
        rest.history.append(step, record)
    state = half.state()
    rest.restore(State({name: values.copy() for name, values in state.arrays.items()}, state.scalars))
    work(rest)
    assert rest.history.records == whole.history.records


def test_a_seed_of_many_starts_as_its_solo_run(finished) -> None:
    alone = make(seeds=(1,), **SMALL)
    work(alone, until=10)
    for number, network in enumerate(alone.networks):
        beside = finished.networks.index(network)
        row = finished.history.records[finished.history.steps.index(10)]
        assert row["train-loss"][beside] == pytest.approx(alone.history.records[-1]["train-loss"][number], rel=1e-4)


def test_perturbing_one_network_changes_only_that_one() -> None:
    runs = [make(**SMALL), make(**SMALL)]
    number = runs[0].networks.index(Network(Setting("noisy", 5, 20), 0))
    group = next(group for group in runs[1].groups if number in group.numbers)
    group.trainer.network.blocks[2][group.numbers.index(number), 0, 0] += 0.1
    plain, perturbed = (work(run, until=10).history.records[-1]["train-loss"] for run in runs)
    assert [place for place, (a, b) in enumerate(zip(plain, perturbed, strict=True)) if a != b] == [number]


def test_divergence_names_the_network_and_the_knob() -> None:
    run = make(**SMALL)
    run.groups[0].trainer.network.flat.fill_(torch.nan)
    with pytest.raises(Diverged, match=r"h=\d+ \(noisy\).* at step 0"):
        work(run)
    assert knob_to_lower(run.config) == "lower learning rate (it is 0.01)"
    assert isinstance(run.history, History)


def test_broken_knobs_are_refused() -> None:
    with pytest.raises(KnobError, match="at most 5000 together on digits5k"):
        make(dataset="digits5k", n=4000)
