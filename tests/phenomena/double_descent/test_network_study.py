"""Study network: counts, re-used weights, training against torch's own, when networks are done, resume, published images, refusals."""

import types

import numpy as np
import pytest
import torch

from engine.contract import Status, unmet
from engine.data.published import PUBLISHED, place
from engine.errors import DataError, Diverged, KnobError, ProblemError
from engine.phenomena.double_descent.experiment import DoubleDescent
from engine.phenomena.double_descent.network.first_weights import glorot, normal, widened
from engine.phenomena.double_descent.network.problem import below, parameters, threshold
from engine.phenomena.double_descent.network.training import Fit, Images
from engine.seeds import streams
from engine.state import State
from tests.engine.data.published.small import described, idx_contents, lay
from tests.phenomena.driven import UNEVEN, work

TINY = {"examples": 60, "widths": (1, 2, 3, 8), "epochs": 4, "batch": 20}  # nK = 600 is between 2 and 3 hidden units
LOSSES = ("network-train-loss", "network-test-loss", "network-norm")
FAILS, OUTSIDE = Status.FAILS, Status.NOT_APPLICABLE
spec = DoubleDescent.spec

pytestmark = pytest.mark.usefixtures("one_thread")


def begin(seeds=(0,), preset="custom", start="belkin-net-small", **knobs):
    return DoubleDescent(spec.configure(start, {**TINY, **knobs}), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def tiny():
    return work(begin((0, 1)))


def torchs(drawn):
    """A network of torch's own with these weights."""
    (d, H), K = drawn[0].shape, drawn[2].shape[1]
    module = torch.nn.Sequential(torch.nn.Linear(d, H), torch.nn.ReLU(), torch.nn.Linear(H, K))
    for parameter, values in zip(module.parameters(), (drawn[0].T, drawn[1][0], drawn[2].T, drawn[3][0]), strict=True):
        parameter.data = torch.from_numpy(values.copy()).float()
    return module


def outputs(drawn, x):
    """What torch's own network makes of inputs."""
    with torch.no_grad():
        return torchs(drawn)(x).numpy()


def test_parameters_are_those_of_the_paper():
    config = spec.configure("belkin-net")
    assert [parameters(config, width) for width in (4, 12, 1000)] == [3190, 9550, 795_010]
    for width in (1, 50):
        module = torchs(normal(np.random.default_rng(0), 784, width, 10))
        assert parameters(config, width) == sum(each.numel() for each in module.parameters())
    assert threshold(config) == 40_000 and below(config, 50) and not below(config, 51)
    assert {50, 51} <= set(config.widths) and (config.epochs, config.momentum, config.reuse) == (6000, 0.95, True)
    small = spec.configure("belkin-net-small")
    assert threshold(small) == 4000 and below(small, 19) and not below(small, 20) and {19, 20} <= set(small.widths)


def test_a_widened_network_is_the_fitted_one_and_new_small_units():
    rng = np.random.default_rng(0)
    fitted, x = normal(rng, 30, 7, 4), torch.from_numpy(rng.standard_normal((9, 30))).float()
    fitted[1], fitted[3] = rng.standard_normal((1, 7)), rng.standard_normal((1, 4))
    drawn = normal(rng, 30, 12, 4)
    wide = widened(fitted, drawn)
    new = [drawn[0][:, 7:], drawn[1][:, 7:], drawn[2][7:], np.zeros((1, 4))]
    np.testing.assert_allclose(outputs(wide, x), outputs(fitted, x) + outputs(new, x), atol=1e-5)
    silent = [*wide[:2], np.concatenate([wide[2][:7], np.zeros((5, 4))]), wide[3]]
    np.testing.assert_allclose(outputs(silent, x), outputs(fitted, x), atol=1e-5)
    assert np.std(normal(rng, 100, 100, 10)[0]) == pytest.approx(0.1, rel=0.05)
    uniform = glorot(rng, 100, 50, 10)
    assert np.abs(uniform[0]).max() == pytest.approx(np.sqrt(6 / 150), rel=0.01) and not uniform[1].any() and not uniform[3].any()


def first_weights(run):
    """What each width begins with, by hidden units, while a run goes to its end."""
    chain, found = run.network.chain, {}
    plain = chain.begin

    def noted(width):
        fit = plain(width)
        found[width] = (
            [block[0].numpy().copy() for block in fit.trainer.network.blocks],
            [values.copy() for values in (chain.fitted or [[]])[0]],
        )
        return fit

    chain.begin = noted
    work(run)
    return found


def test_below_the_threshold_each_width_begins_with_the_one_before_and_beyond_anew():
    begun = first_weights(begin())
    two, one = begun[2]
    np.testing.assert_array_equal(two[0][:, :1], one[0].astype(np.float32))
    np.testing.assert_array_equal(two[2][:1], one[2].astype(np.float32))
    np.testing.assert_array_equal(two[3], one[3].astype(np.float32))
    for (found, _), draw, width in (
        (begun[1], glorot, 1), (begun[3], normal, 3), (first_weights(begin(fresh="glorot"))[3], glorot, 3),
        (first_weights(begin(reuse=False))[2], normal, 2),
    ):  # fmt: skip
        np.testing.assert_array_equal(found[0], draw(streams(0, width).init, 196, width, 10)[0].astype(np.float32))


def test_a_network_trains_like_torchs_own():
    """SGD with momentum on the squared loss summed over classes; below the threshold the rate falls by a tenth in each of 12 parts."""
    run = begin(epochs=24, widths=(2,))
    study, own = run.network, streams(0, 2)
    module = torchs(glorot(own.init, 196, 2, 10))
    x, targets, x_test, targets_test = (part[0] for part in vars(study.images).values())
    velocities = [torch.zeros_like(each) for each in module.parameters()]
    for epoch in range(24):
        order = torch.from_numpy(own.order.permutation(60))
        for rows in order.split(20):
            loss = ((module(x[rows]) - targets[rows]) ** 2).sum(1).mean()
            slopes = torch.autograd.grad(loss, list(module.parameters()))
            with torch.no_grad():
                for each, velocity, slope in zip(module.parameters(), velocities, slopes, strict=True):
                    velocity.mul_(0.95).add_(slope)
                    each.sub_(0.005 * 0.9 ** (epoch // 2) * velocity)
    record = work(run).history.records[-1]
    with torch.no_grad():
        train, test = module(x), module(x_test)
        norm = torch.cat([each.flatten() for each in module.parameters()]).norm()
    expected = (((train - targets) ** 2).sum(1).mean(), ((test - targets_test) ** 2).sum(1).mean(), norm)
    for name, value in zip(LOSSES, expected, strict=True):
        assert record[name][0] == pytest.approx(float(value), rel=1e-4), name
    assert record["network-test-error"][0] == pytest.approx(float((test.argmax(1) != targets_test.argmax(1)).double().mean()), abs=1e-3)


def easy_fit(below, seeds=(0, 1)):
    """Networks on images of five classes that stand apart."""
    config = spec.configure("belkin-net-small", {"examples": 50, "batch": 10, "epochs": 60, "lr": 0.01})
    y = torch.arange(50) % 5
    targets = torch.nn.functional.one_hot(y, 5).float()
    x = torch.stack([targets + 0.1 * torch.from_numpy(np.random.default_rng(seed).standard_normal((50, 5))).float() for seed in seeds])
    images = Images(x, targets.expand(len(seeds), -1, -1).contiguous(), x, targets.expand(len(seeds), -1, -1))
    drawn = [streams(seed, 4) for seed in seeds]
    return Fit(config, images, [glorot(own.init, 5, 8, 5) for own in drawn], [own.order for own in drawn], below)


def test_below_the_threshold_a_network_is_done_once_it_misreads_no_image():
    fit = easy_fit(True)
    for _ in fit.steps():
        assert (fit.epochs <= fit.epoch).all()
    assert fit.done and (fit.epochs < 60).all() and fit.epochs[0] != fit.epochs[1]
    *_, found = outcome(fit.score())
    assert found["epochs"].tolist() == fit.epochs.tolist() and found["train_loss"].max() < 0.5
    for seed in (0, 1):  # and each as it would alone
        alone = easy_fit(True, (seed,))
        for _ in alone.steps():
            pass
        assert alone.epochs[0] == fit.epochs[seed]
        for one, other in zip(alone.weights()[0], fit.weights()[seed], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
    beyond = easy_fit(False)
    for _ in beyond.steps():
        pass
    assert beyond.epochs.tolist() == [60, 60]


def outcome(work_that_returns):
    """What a generator returns, last."""
    while True:
        try:
            next(work_that_returns)
        except StopIteration as stop:
            return (stop.value,)


@pytest.mark.parametrize("taken", [3, 40, 47, 50])
def test_a_fit_of_which_one_network_is_done_goes_on_bit_for_bit(taken):
    whole = easy_fit(True)
    saved = None
    for count, _ in enumerate(whole.steps(), 1):
        if count == taken:
            saved = whole.state()
            saved = State({key: np.array(values) for key, values in saved.arrays.items()}, saved.scalars)
    assert saved is not None
    again = easy_fit(True)
    again.restore(saved)
    for _ in again.steps():
        pass
    assert again.epochs.tolist() == whole.epochs.tolist()
    for one, other in zip(again.weights(), whole.weights(), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("until", "further"), [(0, 0), (0, 7), (4, 3), (8, 14), (12, 9)])
def test_a_resumed_run_ends_with_the_same_bits(tiny, until, further):
    first, second = work(begin((0, 1)), until=until), begin((0, 1))
    for _ in range(further):
        if not first.due():
            first.advance(1e-9)
    saved = first.state()
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second, UNEVEN)
    assert second.history.records == tiny.history.records
    for name, values in tiny.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)


def test_what_is_measured_is_drawn_stored_and_said(tiny):
    assert tiny.history.steps == [0, 4, 8, 12, 16] and tiny.done and tiny.unit == "epoch"
    alone = work(begin((1,)))
    for record, own in zip(tiny.history.records[1:], alone.history.records[1:], strict=True):
        assert all(record[name][1] == pytest.approx(own[name][0], rel=1e-4) for name in LOSSES)
    assert {item.name.split("/")[0] for item in tiny.series()} == {"network-loss", "network-error", "network-norm"}
    loss = next(item for item in tiny.series() if item.name == "network-loss/test_loss")
    assert loss.x.tolist() == [0.217, 0.424, 0.631, 1.666] and loss.lo is not None
    assert {(item.figure, item.at) for item in tiny.markers()} == {(f"network-{name}", 0.6) for name in ("loss", "error", "norm")}
    arrays = tiny.arrays()
    outputs = np.maximum(arrays["X_test"] @ arrays["W1"] + arrays["b1"], 0) @ arrays["W2"] + arrays["b2"]
    wanted = np.eye(10)[arrays["y_test"]]
    assert ((outputs - wanted) ** 2).sum(1).mean() == pytest.approx(arrays["test_loss"][-1, 0], rel=1e-4)
    values = {item.scalar.name: item for item in tiny.scalars()}
    assert values["network_norm_beyond"].seeds == tuple(arrays["norm"][2]) and values["peak_p"].reason == "needs study nested"
    assert "nK = 600" in " ".join(tiny.headline(tiny.scalars()))
    assert all(item.status is OUTSIDE for item in tiny.verdicts())


def small(seeds):
    """The small preset, of which nothing is trained."""
    return DoubleDescent(spec.configure("belkin-net-small"), seeds, "cpu", "belkin-net-small")


def altered(run, **change):
    """Verdicts of a run whose networks came to what the paper has, changed."""
    study = run.network
    study.scores.done = 0
    ratio = study.parameters / study.threshold
    climb = np.where(ratio < 1, 0.25 + 0.35 * ratio + 0.05 / ratio, 0.2 + 0.3 / ratio**2)
    curve = {
        "train_loss": 0.9 * np.maximum(1 - ratio, 0), "train_error": np.maximum(0.9 * (1 - 1.2 * ratio), 0), "test_loss": climb,
        "test_error": np.where(ratio < 1, 0.25, 0.1), "norm": 4 + np.minimum(ratio, 1), "epochs": 600 * np.ones(ratio.size),
    }  # fmt: skip
    rows = {name: change.get(name, lambda values, _: values)(values, ratio) for name, values in curve.items()}
    for at in range(len(study.widths)):
        study.scores.add({name: np.full(len(study.seeds), values[at]) for name, values in rows.items()})
    return {item.claim.id: item.status for item in run.verdicts() if item.claim.id.startswith("NET")}


def test_claims_hold_of_what_is_expected_and_fail_of_anything_else():
    three = small((0, 1, 2))
    assert all(item.status is Status.PENDING for item in three.verdicts() if item.claim.id.startswith("NET"))
    assert altered(three) == dict.fromkeys(("NET1", "NET2", "NET3"), Status.HOLDS)
    assert altered(small((0,))) == dict.fromkeys(("NET1", "NET2", "NET3"), OUTSIDE)
    assert altered(three, test_loss=lambda values, ratio: 1 / (1 + ratio))["NET1"] is FAILS  # no peak
    assert altered(three, test_loss=lambda values, ratio: np.where((ratio > 0.4) & (ratio < 0.6), 2.0, values))["NET1"] is FAILS
    assert altered(three, test_loss=lambda values, ratio: np.where(ratio > 4, 2.0, values))["NET1"] is FAILS
    assert altered(three, test_loss=lambda values, ratio: np.where(ratio > 1, 0.7, values))["NET2"] is FAILS
    assert altered(three, test_error=lambda values, ratio: np.where(ratio > 1, 0.3, values))["NET2"] is FAILS
    assert altered(three, train_loss=lambda values, ratio: np.where(ratio < 0.9, values, 0.3))["NET3"] is FAILS


@pytest.mark.parametrize(
    "knobs", [{"reuse": False}, {"noise": 0.1}, {"fresh": "glorot"}, {"epochs": 100}, {"images": "digits5k"}, {"widths": (1, 8, 19, 200)}],
    ids=str,
)  # fmt: skip
def test_claims_are_not_meant_for_other_settings(knobs):
    config = spec.configure("belkin-net-small", knobs)
    own = [claim for claim in spec.claims if claim.id.startswith("NET")]
    assert len(own) == 3 and all(unmet(claim.domain, config) for claim in own)
    assert not any(unmet(claim.domain, spec.configure(preset)) for claim in own for preset in ("belkin-net", "belkin-net-small"))


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """MNIST is a small one in its own format, and here once it is laid."""
    contents = idx_contents(120, 40)
    published = described(PUBLISHED["mnist"], contents, train=120, tests=40)
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "mnist", published)
    return lambda: lay(published, contents, place(published))


def test_published_images_are_asked_for_and_taken(mnist):
    knobs = {"start": "belkin-net", "examples": 100, "widths": (1, 2, 3), "batch": 50}
    assert spec.work(spec.configure("belkin-net", {k: v for k, v in knobs.items() if k != "start"}), 1).parameters == 2395
    with pytest.raises(DataError, match="the data set mnist is not here"):
        begin(**knobs)
    mnist()
    run = work(begin(**knobs))
    assert run.network.tests == 40 and "100 images of mnist train, 40 others test" in run.notes[0]
    assert run.network.parameters.tolist() == [805, 1600, 2395] and run.network.under.tolist() == [True, False, False]


def test_networks_that_do_not_fit_name_the_knobs(monkeypatch):
    monkeypatch.setattr("engine.training.memory.psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**6))
    with pytest.raises(ProblemError, match=r"networks of 8 hidden units on 60 images take 0.0 GB, and 0.0 GB are free") as caught:
        begin()
    assert caught.value.hint == "lower widths, examples or the number of seeds"


def test_a_loss_that_is_no_number_is_told_with_the_width(monkeypatch):
    monkeypatch.setattr("engine.phenomena.double_descent.network.study.normal", lambda *sizes: [1e20 * part for part in normal(*sizes)])
    with pytest.raises(Diverged, match="the loss with 1,000 hidden units is no longer a finite number at its epoch 1") as caught:
        work(begin(widths=(1000,)))
    assert caught.value.hint == "lower lr"


@pytest.mark.parametrize(
    "knobs",
    [
        {"widths": (1,)}, {"widths": (8,)}, {"widths": (3, 1, 3)}, {"batch": 60}, {"batch": 1, "epochs": 1}, {"noise": 1.0},
        {"momentum": 0.0}, {"images": "digits5k"}, {"reuse": False}, {"fresh": "glorot"}, {"epochs": 1},
    ],
    ids=str,
)  # fmt: skip
def test_knobs_at_their_ends(knobs):
    run = work(begin(**knobs))
    assert run.headline(run.scalars()) and all(item.status is not FAILS for item in run.verdicts())
    assert all(np.isfinite(item.y).all() for item in run.series())


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"batch": 61}, "batch must be at most examples=60, got 61"), ({"widths": (0,)}, "widths must"),
        ({"fresh": "zero"}, "fresh must be"),
        ({"examples": 4999}, "examples must be at most the 4,500 training images of digits196, got 4,999"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        begin(**knobs)
