"""Task images: against a plain PyTorch loop, its claims with made-up and its preset with real files, going on bit for bit."""

import types

import numpy as np
import pytest
import torch

from engine.contract import Status, unmet
from engine.data.published import PUBLISHED, place
from engine.errors import Diverged, KnobError, ProblemError
from engine.phenomena.grokking import SPEC
from engine.phenomena.grokking.claims import CLAIMS
from engine.phenomena.grokking.experiment import Grokking
from engine.phenomena.grokking.omnigrok.settings import USUAL, settings_of
from engine.phenomena.grokking.settings import MAIN, NO_DECAY
from tests.engine.data.published.small import described, idx_contents, lay
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.grokking.small_runs import of_preset, resumed

pytestmark = pytest.mark.usefixtures("one_thread")
CONTENTS = idx_contents(80, 30)
SMALL = described(PUBLISHED["mnist"], CONTENTS, train=80, tests=30)
TINY = {"n": 60, "width": 50, "batch": 25, "steps": 100, "every": 25}
DIGITS = {"n": 40, "width": 50, "steps": 100}


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "mnist", SMALL)
    lay(SMALL, CONTENTS, place(SMALL))


def test_the_published_network_has_the_parameters_of_its_published_shapes():
    assert SPEC.work(SPEC.configure("omnigrok"), 1).parameters == 784 * 200 + 200 + 200 * 200 + 200 + 200 * 10 + 10


def test_the_published_preset_starts_trains_measures_and_goes_on_bit_for_bit_on_files_in_the_real_format(mnist):
    whole = work(of_preset("omnigrok", (0, 1), **TINY), UNEVEN)
    assert whole.images.trained.dtype == torch.float64
    first = work(of_preset("omnigrok", (0, 1), **TINY), until=25)
    first.advance(1e-6)
    assert [one.taken for one in first.images.trained.ensembles] == [26, 25]  # the first amid an epoch of two
    second = work(resumed(first, of_preset("omnigrok", (0, 1), **TINY)))
    assert second.history.steps == whole.history.steps
    assert second.history.records == whole.history.records
    for name, values in whole.state().arrays.items():
        assert np.array_equal(values, second.state().arrays[name]), name
    arrays = whole.arrays()
    assert arrays["X"].shape == (60, 784) and arrays["X_test"].shape == (30, 784) and arrays["W3"].shape == (50, 10)
    alone = work(of_preset("omnigrok", (1,), **TINY))
    mine = whole.readings.columns(MAIN)[1]
    assert [row["train-loss"][mine] for row in whole.history.records] == [row["train-loss"][0] for row in alone.history.records]


@pytest.mark.parametrize(("setting", "alpha", "wd"), [(MAIN, 8.0, 0.15), (USUAL, 1.0, 0.15), (NO_DECAY, 8.0, 0.0)])
def test_every_setting_learns_as_a_plain_loop_does(setting, alpha, wd):
    run = of_preset("omnigrok-small", (3,), **DIGITS, precision="double", sweep=False)
    member, trained = run.readings.columns(setting)[0], run.images.trained
    x, y = torch.from_numpy(trained.split.x).double(), torch.from_numpy(trained.split.y)
    layers = [torch.nn.Linear(196, 50), torch.nn.Linear(50, 10)]
    rng = np.random.default_rng(np.random.SeedSequence((3, 0)).spawn(4)[2])
    for layer, fan_in in zip(layers, (196, 50), strict=True):
        for name, shape in (("weight", (fan_in, layer.out_features)), ("bias", (1, layer.out_features))):
            drawn = alpha * torch.from_numpy(rng.uniform(-(fan_in**-0.5), fan_in**-0.5, shape))
            setattr(layer, name, torch.nn.Parameter(drawn.T.contiguous() if name == "weight" else drawn[0]))
    model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    optimizer = torch.optim.AdamW(model.parameters(), 0.006, (0.9, 0.999), weight_decay=wd)
    target = torch.nn.functional.one_hot(y, 10).double()
    work(run)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), target).backward()
        optimizer.step()
    record = run.history.records[-1]
    assert record["train-loss"][member] == pytest.approx(10 * torch.nn.functional.mse_loss(model(x), target).item(), rel=1e-6)
    assert record["norm"][member] == pytest.approx(sum(float(p.detach().square().sum()) for p in model.parameters()), rel=1e-8)
    tests, labels = torch.from_numpy(trained.split.x_test).double(), torch.from_numpy(trained.split.y_test)
    assert record["test-accuracy"][member] == pytest.approx(float((model(tests).argmax(1) == labels).double().mean()), abs=2e-3)


def _told(accuracies, steps=2000):
    """The verdicts of a run of preset omnigrok-small whose accuracies were made up: name to {step: (train, test)}."""
    run = of_preset("omnigrok-small")
    names = [network.setting.name for network in run.networks]
    for step in sorted({at for curve in accuracies.values() for at in curve} | {steps}):
        train, test = zip(*(accuracies[name][max(at for at in accuracies[name] if at <= step)] for name in names), strict=True)
        run.history.append(step, {"train-accuracy": list(train), "test-accuracy": list(test)})
    return {verdict.claim.id: verdict for verdict in run.verdicts()}


GOOD = {
    MAIN: {0: (0.1, 0.1), 200: (1.0, 0.3), 900: (1.0, 0.75)}, USUAL: {0: (0.1, 0.1), 20: (1.0, 0.84)},
    NO_DECAY: {0: (0.1, 0.1), 200: (1.0, 0.3)}, "wd0.1": {0: (0.1, 0.1), 200: (1.0, 0.3), 1360: (1.0, 0.71)},
    "wd0.3": {0: (0.1, 0.1), 200: (1.0, 0.3), 440: (1.0, 0.71)},
}  # fmt: skip


def test_every_claim_holds_of_what_it_says():
    found = _told(GOOD)
    assert {name: found[name].status for name in ("OG1", "OG2", "OG3", "OG4")} == {
        "OG1": Status.HOLDS, "OG2": Status.HOLDS, "OG3": Status.HOLDS, "OG4": Status.HOLDS,
    }  # fmt: skip
    assert (found["OG3"].measured, found["OG3"].values["steps"]) == (0.3, 1200)
    assert "up to step 1,200" in found["OG3"].note and "censored" not in found["OG3"].remark
    assert found["OG1"].values["ratio"] == pytest.approx(4.5)
    assert found["OG4"].values["mean"] == pytest.approx((0.15 * 900 + 0.1 * 1360 + 0.3 * 440) / 3)


@pytest.mark.parametrize(
    ("claim", "name", "curve", "status"),
    [
        ("OG1", MAIN, {0: (0.1, 0.1), 200: (1.0, 0.3), 500: (1.0, 0.75)}, Status.FAILS),  # 2.5 times as late
        ("OG1", MAIN, {0: (0.1, 0.1), 200: (1.0, 0.6), 900: (1.0, 0.75)}, Status.FAILS),  # good when fitted
        ("OG1", MAIN, {0: (0.1, 0.1), 200: (1.0, 0.3)}, Status.CENSORED),
        ("OG2", USUAL, {0: (0.1, 0.1), 20: (1.0, 0.7)}, Status.FAILS),
        ("OG3", NO_DECAY, {0: (0.1, 0.1), 200: (1.0, 0.3), 1100: (1.0, 0.55)}, Status.FAILS),
        ("OG4", "wd0.1", {0: (0.1, 0.1), 200: (1.0, 0.3), 1900: (1.0, 0.71)}, Status.FAILS),
        ("OG4", "wd0.1", {0: (0.1, 0.1), 200: (1.0, 0.3)}, Status.CENSORED),
    ],
)
def test_a_claim_does_not_hold_of_something_else(claim, name, curve, status):
    assert _told({**GOOD, name: curve})[claim].status is status


def test_claims_are_meant_for_their_own_task_and_settings():
    claims = {claim.id: claim for claim in CLAIMS}
    for preset in ("omnigrok", "omnigrok-small"):
        config = SPEC.configure(preset)
        assert not unmet(claims["OG1"].domain, config) and not unmet(claims["OG2"].domain, config)
        assert all(unmet(claim.domain, config) for name, claim in claims.items() if name.startswith("GR"))
    assert all(unmet(claim.domain, SPEC.configure("quick")) for name, claim in claims.items() if name.startswith("OG"))
    for knobs in ({"alpha": 2.0}, {"n": 300}, {"dataset": "digits5k"}, {"wd": 0.5}, {"batch": 50}, {"depth": 2}):
        assert unmet(claims["OG1"].domain, SPEC.configure("omnigrok-small", knobs)), knobs
    assert unmet(claims["OG4"].domain, SPEC.configure("omnigrok-small", {"sweep": False}))


def test_a_setting_that_would_be_another_is_left_out():
    assert [setting.name for setting in settings_of(SPEC.configure("omnigrok-small", {"alpha": 1.0, "wd": 0.0}))] == [MAIN]


def test_what_is_shown_fits_what_is_told():
    run = work(of_preset("omnigrok-small", (0,), **DIGITS))
    names = {series.name for series in run.series()}
    assert {"accuracy/train-main", "accuracy/test-alpha-1", "loss/test-no-decay", "norm/main", "norm/law"} <= names
    assert "training images" in run.headline(run.scalars())[0]
    law = next(series for series in run.series() if series.name == "norm/law")
    assert law.y[-1] == pytest.approx(np.exp(-0.006 * 0.15 * 100))
    assert any(marker.label == "chance" for marker in run.markers())


@pytest.mark.parametrize(
    ("knobs", "sentence"), [({"batch": 300}, "batch must be at most n=200, got 300"), ({"n": 4999}, "n must be at most 4500 on digits196")]
)
def test_knobs_that_do_not_go_together_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        SPEC.configure("omnigrok-small", knobs)


def test_what_leaves_the_numbers_is_named():
    with pytest.raises(Diverged, match="loss of alpha 12"):
        work(of_preset("omnigrok-small", n=40, width=200, depth=3, steps=100, optimizer="sgd", lr=0.1, alpha=12.0, momentum=0.999))


def test_what_does_not_fit_into_memory_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**6))
    with pytest.raises(ProblemError, match="1,000 training images of mnist and 3 networks take"):
        Grokking(SPEC.configure("omnigrok"), (0,), "cpu", "omnigrok")


@pytest.mark.slow
def test_the_small_preset_shows_its_effect():
    run = work(of_preset("omnigrok-small", (7,)), budget=1.0)
    assert {item.claim.id: item.holds for item in run.verdicts() if item.claim.id.startswith("OG")} == dict.fromkeys(
        ("OG1", "OG2", "OG3", "OG4"), True
    )


@pytest.mark.gpu
def test_a_gpu_measures_the_same_as_the_processor():
    config = SPEC.configure("omnigrok-small", DIGITS)
    here, there = (work(Grokking(config, (0,), device, "custom"), until=20) for device in ("cpu", "cuda"))
    for record, expected in zip(there.history.records, here.history.records, strict=True):
        np.testing.assert_allclose(record["train-loss"], expected["train-loss"], rtol=5e-3)
