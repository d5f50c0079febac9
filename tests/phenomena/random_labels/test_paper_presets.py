"""The presets of the paper on a small CIFAR-10 in its real format: they start, train, measure, stop and go on; what they declare."""

import types

import numpy as np
import pytest
import torch

from engine.contract.domain import unmet
from engine.data.published import PUBLISHED, place
from engine.errors import KnobError, ProblemError
from engine.networks.network import images
from engine.networks.zhang import small_inception
from engine.phenomena.random_labels.claims import CLAIMS
from engine.phenomena.random_labels.conditions import conditions_of
from engine.phenomena.random_labels.counted import CountedClassifiers, first_low
from engine.phenomena.random_labels.experiment import RandomLabels
from engine.phenomena.random_labels.presets import PRESETS
from engine.phenomena.random_labels.randomisation import schedule_of
from engine.state import State
from tests.engine.data.published.small import batches, described, lay, packed
from tests.phenomena.driven import work

TRAIN, TESTS = 125, 40
CONTENTS = [packed(batches(TRAIN, TESTS))]
SMALL = described(PUBLISHED["cifar10"], CONTENTS, train=TRAIN, tests=TESTS)
TINY = {"n": 120, "batch": 40, "epochs": 2, "levels": (1.0,), "width": 16, "width_multiplier": 0.02}
ON_CIFAR = [preset.name for preset in PRESETS if "cifar10" in preset.needs]
spec = RandomLabels.spec
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "cifar10", SMALL)
    lay(SMALL, CONTENTS, place(SMALL))


def make(preset, **knobs):
    depth = {"wrn_depth": 10} if preset == "pluskid-wrn" else {}
    return RandomLabels(spec.configure(preset, {**TINY, **depth, **knobs}), (0,), "cpu", "custom")


def test_all_presets_of_the_paper_are_there():
    assert set(ON_CIFAR) == {"zhang-inception", "zhang-alexnet", "zhang-mlp1", "zhang-mlp3", "pluskid-wrn"}


@pytest.mark.parametrize("preset", ON_CIFAR)
def test_a_preset_trains_on_cifar_and_goes_on_bit_for_bit_from_between_and_amid_measurements(preset, cifar10):
    whole = work(make(preset))
    assert whole.history.steps[-1] == 6 and not whole.classifiers.active.any()
    assert [verdict.claim.id for verdict in whole.verdicts() if verdict.mark == "no"] == []
    assert len(whole.networks) == (2 if preset == "pluskid-wrn" else 5)
    for chunks in (0, 4) if preset == "zhang-mlp1" else (4,):
        first = work(make(preset), until=3)
        for _ in range(chunks):
            if not first.due():
                first.advance(1e-6)
        saved = first.state()
        second = make(preset)
        for step, record in zip(first.history.steps, first.history.records, strict=True):
            second.history.append(step, record)
        second.restore(State({name: item.copy() for name, item in saved.arrays.items()}, saved.scalars))
        work(second)
        assert second.history.steps == whole.history.steps
        assert second.history.records == whole.history.records
        assert np.array_equal(second.classifiers.guesses, whole.classifiers.guesses)
        for mine, theirs in zip(second.state().arrays.values(), whole.state().arrays.values(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_random_crops_and_decay_are_trained_with_and_scored_on_the_centre(cifar10):
    plain, crops = (work(make("zhang-inception", corrupted_pixels=False, random_crops=on, wd=5e-4)) for on in (False, True))
    assert crops.split.shape == plain.split.shape == (28, 28, 3)
    assert np.array_equal(crops.split.x, plain.split.x)
    losses = [run.history.column("train-loss")[1] for run in (plain, crops)]
    assert not np.array_equal(*losses)
    ensembles = [run.classifiers.groups[0].ensemble for run in (plain, crops)]
    assert [ensemble.data.inputs.shape[2] for ensemble in ensembles] == [28 * 28 * 3, 32 * 32 * 3]


def test_the_last_scores_are_those_of_the_stored_network_on_its_running_moments(cifar10):
    run = work(make("zhang-inception", corrupted_pixels=False))
    arrays, record = run.arrays(), run.history.records[-1]
    module = small_inception(width=0.02).eval()
    for name, parameter in module.named_parameters():
        parameter.data = torch.from_numpy(arrays[f"random_{name}"].copy())
    moments, start = torch.from_numpy(arrays["random_moments"].copy()), 0
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean = moments[start : start + layer.num_features]
            layer.running_var = moments[start + layer.num_features : start + 2 * layer.num_features]
            start += 2 * layer.num_features
    assert start == len(moments)
    with torch.no_grad():
        logits = module(images((28, 28, 3))(torch.from_numpy(arrays["X"].copy())))
    labels = torch.from_numpy(arrays["y_random"])
    assert record["train-loss"][1] == pytest.approx(float(torch.nn.functional.cross_entropy(logits, labels)), rel=1e-4)
    met = (logits.argmax(1) == labels).numpy()
    assert np.mean(met != arrays["fitted"][1].astype(bool)) <= 1 / 120  # a tie may be rounded either way


def test_before_the_end_accuracy_counts_the_batches_since_the_last_measurement(cifar10):
    run = work(make("zhang-mlp1", epochs=3, corrupted_pixels=False), until=2)
    assert isinstance(run.classifiers, CountedClassifiers)
    counts = np.array(run.history.column("train-accuracy")[1])
    steps = run.history.steps
    for number in range(1, len(steps)):
        seen = 40 * (steps[number] - steps[number - 1])
        assert np.allclose(counts[number] * seen, np.round(counts[number] * seen), atol=1e-9)
    assert not run.classifiers.exact_at.any()


def test_a_fitted_network_rests_once_it_was_scored_exactly_and_not_before_four_epochs():
    knobs = {"dataset": "digits196", "n": 100, "width": 64, "batch": 20, "epochs": 80, "schedule": "epochwise", "lr": 0.1, "levels": (1.0,)}
    run = work(RandomLabels(spec.configure("quick", knobs), (0, 1), "cpu", "custom"))
    classifiers = run.classifiers
    assert isinstance(classifiers, CountedClassifiers)
    assert run.history.last < run.last and not classifiers.active.any()
    assert np.all(classifiers.correct == 1.0) and classifiers.fitted.all()
    assert np.all(classifiers.exact_at >= 4 * 5)
    assert np.all(classifiers.low_at <= classifiers.exact_at)
    values = {item.scalar.name: item for item in run.scalars()}
    assert values["low_loss_step_random"].seeds == tuple(run.low_at("random"))


@pytest.mark.parametrize("window", [1, 3])
def test_the_first_low_loss_is_found_as_by_a_loop(window):
    rng = np.random.default_rng(window)
    losses = np.abs(rng.normal(0.15, 0.1, (40, 5)))
    losses[20:, 4] = np.nan
    before = losses[:window]
    found = first_low(before, losses[window:])
    for column in range(5):
        means = [losses[end - window : end, column].mean() for end in range(window + 1, 41)]
        low = [place + 1 for place, mean in enumerate(means) if mean <= 0.1]
        assert (np.isnan(found[column]) and not low) or found[column] == low[0]
    assert np.isnan(first_low(np.full((3, 2), np.nan), np.zeros((2, 2)))).all()  # not before a whole epoch


def test_schedules_are_those_of_the_papers():
    zhang, wrn = schedule_of(spec.configure("zhang-inception")), schedule_of(spec.configure("pluskid-wrn"))
    epoch = 50_000 // 128
    assert [zhang(epoch * 10 - 1), zhang(epoch * 10)] == pytest.approx([0.95**9, 0.95**10])
    assert [wrn(step) for step in (150 * epoch - 1, 150 * epoch, 225 * epoch - 1, 225 * epoch)] == pytest.approx([1, 0.1, 0.1, 0.01])


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        ("zhang-inception", 1_649_402 + 2 * (96 + 64 + 80 + 80 + 160 + 160 + 160 + 144 + 96 + 336 + 336)),
        ("zhang-alexnet", 1_387_786),
        ("zhang-mlp1", 1_209_866),
        ("zhang-mlp3", 1_735_178),
        ("pluskid-wrn", 369_498),
    ],
)
def test_a_preset_declares_the_published_parameters_and_what_it_costs(preset, parameters):
    found = spec.work(spec.configure(preset), 1)
    assert found.parameters == parameters
    assert 1e9 < found.memory < 2e10
    assert found.operations > 1e14


def test_claims_about_fitting_are_meant_for_presets_as_they_are():
    claims = {claim.id: claim for claim in CLAIMS}
    fits = {name: not unmet(claims["RL1"].domain, spec.configure(name)) for name in [preset.name for preset in PRESETS]}
    assert all(fits.values()), fits
    for knobs in ({"wd": 5e-4}, {"random_crops": True}, {"n": 40_000}, {"lr": 0.2}, {"epochs": 50}, {"corruption": 0.9}):
        assert unmet(claims["RL1"].domain, spec.configure("zhang-inception", knobs)), knobs
    assert not unmet(claims["RL1"].domain, spec.configure("zhang-inception", {"levels": (0.5,), "corrupted_pixels": False}))
    assert not unmet(claims["RL10"].domain, spec.configure("zhang-inception", {"levels": (1.0,)}))
    for preset, knobs in (("zhang-inception", {"corrupted_pixels": False}), ("zhang-alexnet", {}), ("quick", {})):
        assert unmet(claims["RL10"].domain, spec.configure(preset, knobs))


def test_labels_alone_leave_out_corrupted_pixels_and_a_level_of_one_adds_none():
    assert [item.name for item in conditions_of(spec.configure("pluskid-wrn"))] == ["true", "random"]


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"model": "inception", "dataset": "mnist1d"}, "model inception needs images"),
        ({"crop": 40}, "crop must be at most the 28 pixels of a side of digits5k, got 40"),
        ({"model": "wrn", "wrn_depth": 12}, r"wrn depth must be 6k \+ 4"),
        ({"model": "inception", "random_crops": True}, "random crops need crop above 0"),
        ({"model": "alexnet", "crop": 3}, "needs images of at least 4 pixels"),
    ],
)
def test_knobs_that_do_not_go_together_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        spec.configure("quick", knobs)


def test_what_does_not_fit_into_memory_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**9))
    with pytest.raises(
        ProblemError, match=r"50,000 training images of cifar10 and 9 networks take \d\.\d GB, and 1.0 GB are free"
    ) as caught:
        RandomLabels(spec.configure("zhang-inception"), (0,), "cpu", "zhang-inception")
    assert "lower n" in caught.value.hint


@pytest.mark.gpu
@pytest.mark.parametrize("preset", ON_CIFAR)
def test_a_gpu_measures_the_same_as_the_processor(preset, cifar10):
    config = make(preset).config
    here, there = (work(RandomLabels(config, (0,), device, "custom"), until=3) for device in ("cpu", "cuda"))
    for record, expected in zip(there.history.records, here.history.records, strict=True):
        np.testing.assert_allclose(record["train-loss"], expected["train-loss"], rtol=5e-3)
