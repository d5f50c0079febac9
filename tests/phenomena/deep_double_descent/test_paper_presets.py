"""The paper's presets on a small CIFAR-10 in its real format: they start, train, measure, stop and go on; what they declare; sisters."""

import types

import numpy as np
import pytest
import torch

from engine import registry
from engine.contract.domain import unmet
from engine.data.published import PUBLISHED, place
from engine.errors import DataError, Diverged, KnobError, ProblemError
from engine.networks.drawing import draw_parameters, parameter_count
from engine.networks.network import images
from engine.phenomena.deep_double_descent import size
from engine.phenomena.deep_double_descent.claims import CLAIMS, JUDGES
from engine.phenomena.deep_double_descent.convolutional import make_module
from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent
from engine.phenomena.deep_double_descent.problem import by_channel
from engine.phenomena.deep_double_descent.work import SHARE, measured_per_decade
from engine.seeds import streams
from engine.state import State
from tests.engine.data.published.small import batches, described, lay, packed
from tests.phenomena.driven import work

TRAIN, TESTS = 125, 40
CONTENTS = [packed(batches(TRAIN, TESTS))]
SMALL = described(PUBLISHED["cifar10"], CONTENTS, train=TRAIN, tests=TESTS)
TINY = {"h": (1, 2), "n": 120, "tests": 40, "batch": 60, "steps": 100}
PAPER, SISTERS = ("nakkiran-resnet", "nakkiran-cnn"), ("nakkiran-resnet-small", "nakkiran-cnn-small")
spec = DeepDoubleDescent.spec
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def few_steps(monkeypatch):
    """Knobs take 100 steps at least; a dozen show that training stops and goes on."""
    monkeypatch.setattr("engine.phenomena.deep_double_descent.experiment.geometric_grid", lambda *_: np.array([0, 3, 5]))


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "cifar10", SMALL)
    lay(SMALL, CONTENTS, place(SMALL))


def make(preset, seeds=(0,), **knobs):
    samples = {"samples": (40,), "sample_h": 1} if preset == "nakkiran-cnn" else {}
    return DeepDoubleDescent(spec.configure(preset, {**TINY, **samples, **knobs}), seeds, "cpu", "custom")


@pytest.mark.parametrize("preset", PAPER)
def test_a_preset_trains_on_cifar_and_goes_on_bit_for_bit_from_amid_training_and_scoring(preset, cifar10, few_steps):
    whole = work(make(preset))
    assert whole.history.steps == [0, 3, 5] and whole.done
    assert len(whole.networks) == (2 if preset == "nakkiran-resnet" else 3)
    assert whole.series() and whole.pictures() and whole.headline(whole.scalars())
    assert [verdict.claim.id for verdict in whole.verdicts() if verdict.mark == "no"] == []
    for chunks in (1, 2 * len(whole.networks) + 2):
        first = work(make(preset), until=3)
        for _ in range(chunks):
            if not first.due():
                first.advance(1e-9)
        saved = first.state()
        second = make(preset)
        for step, record in zip(first.history.steps, first.history.records, strict=True):
            second.history.append(step, record)
        second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
        work(second)
        assert [repr(record) for record in second.history.records] == [repr(record) for record in whole.history.records]
    assert any("statistics" in key for key in saved.arrays)


def test_a_network_trains_like_torchs_own_with_the_published_rate(cifar10, few_steps):
    """Plain SGD at .1/sqrt(1 + floor(t/512)), on batches in the drawn order, without cuts."""
    run = make("nakkiran-cnn", augment=False, samples=(0,), h=(2,))
    problem, config = run.problems[0], run.config
    rng = streams(0)
    module = make_module(config, 2, problem)
    for parameter, values in zip(module.parameters(), draw_parameters(module, rng.init), strict=True):
        parameter.data = torch.from_numpy(values).float()
    see, x, y = images(problem.shape), torch.from_numpy(problem.x), torch.from_numpy(problem.labels["noisy"])
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    for step in range(5):
        if step % 2 == 0:
            order = torch.from_numpy(rng.order.permutation(120))
        rows = order[60 * (step % 2) : 60 * (step % 2) + 60]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module.train()(see(x[rows])), y[rows]).backward()
        optimizer.step()
    record = work(run).history.records[-1]
    with torch.no_grad():
        outputs = module.eval()(see(torch.from_numpy(problem.x_test)))
    assert record["test-loss"][0] == pytest.approx(
        float(torch.nn.functional.cross_entropy(outputs, torch.from_numpy(problem.y_test))), rel=1e-3
    )


def test_the_rate_of_the_sister_of_the_resnet_falls_in_a_line_to_nothing(few_steps):
    """The last of 100 steps is taken at a hundredth of the first rate; after five steps the latest factor is .96."""
    run = work(make("nakkiran-resnet-small", h=(1,)))
    (group,) = run.groups
    assert group.trainer.optimizer.place == (5, pytest.approx(0.96))
    assert [group.trainer.recipe.schedule(step) for step in (0, 50, 99)] == pytest.approx([1, 0.5, 0.01])


def test_margins_of_cuts_are_black_and_channels_are_scaled_one_by_one(cifar10, few_steps):
    run = make("nakkiran-resnet")
    pixels = run.problems[0].x.reshape(120, 32, 32, 3)
    np.testing.assert_allclose(pixels.mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(pixels.std((0, 1, 2)), 1, atol=1e-4)
    (seen, black), constant = by_channel((np.array([[0.5, 7], [1, 7]], np.float32), np.zeros((1, 2), np.float32)), *_two_channels())
    np.testing.assert_allclose(black[0], constant)
    np.testing.assert_allclose(seen, [[-1, 0], [1, 0]], atol=1e-6)
    (crop,) = run.groups[0].trainer.recipe.prepare
    assert crop.fill == run.problems[0].black
    cut = crop(torch.zeros(40, 3072), 0).view(40, 32, 32, 3)
    assert {tuple(row) for row in cut.flatten(0, 2).tolist()} == {(0.0, 0.0, 0.0), tuple(np.float32(run.problems[0].black).tolist())}


def _two_channels():
    return np.array([[0.5, 7], [1, 7]], np.float32), 2


@pytest.mark.parametrize("preset", PAPER)
def test_what_is_declared_is_what_torch_makes(preset):
    """Parameters of Nakkiran et al.: the usual ResNet18 at k=64 has 11.2 million."""
    config = spec.configure(preset)
    problem = types.SimpleNamespace(shape=(32, 32, 3), classes=10)
    with torch.device("meta"):
        counts = {h: parameter_count(make_module(config, h, problem)) for h in (1, 12, 64)}
    assert {h: size.network_size(config, h).parameters for h in counts} == counts
    assert (preset != "nakkiran-resnet") or 11.1e6 < counts[64] < 11.2e6
    declared = spec.work(config, 1)
    assert declared.parameters == counts[64] and 1e9 < declared.memory < 20e9 and declared.products > 1e18
    assert measured_per_decade(config) == 12


def test_presets_are_the_published_settings():
    resnet, cnn = (spec.configure(preset) for preset in PAPER)
    for config in (resnet, cnn):
        assert (config.dataset, config.n, config.tests, config.batch, config.noise) == ("cifar10", 50_000, 10_000, 128, 0.2)
        assert (config.convention, config.loss, config.augment, config.wd) == ("incorrect", "ce", True, 0.0)
        assert (config.widths[0], config.widths[-1]) == (1, 64)
    assert (resnet.optimizer, resnet.lr, resnet.schedule, resnet.steps) == ("adam", 1e-4, "constant", 4000 * (50_000 // 128))
    assert (cnn.optimizer, cnn.lr, cnn.momentum, cnn.schedule, cnn.steps) == ("sgd", 0.1, 0.0, "inverse-root", 500_000)
    domains = {claim.id: claim.domain for claim in CLAIMS}
    for preset in (*PAPER, *SISTERS):
        assert unmet(domains["DDD10"], spec.configure(preset)) == ""
    assert unmet(domains["DDD10"], spec.configure("nakkiran-resnet-small", {"schedule": "constant"})) != ""
    assert unmet(domains["DDD7"], resnet) == "" and unmet(domains["DDD7"], cnn) != "" != unmet(domains["DDD7"], resnet.changed(lr=1e-3))


@pytest.mark.parametrize("preset", PAPER)
def test_scores_cost_less_than_a_tenth_of_the_training(preset):
    config = spec.configure(preset)
    scored = (config.n + config.tests) / 3 * measured_per_decade(config) * np.log10(config.steps)
    assert scored < SHARE * config.steps * config.batch


def test_what_is_not_here_does_not_fit_or_cannot_be_is_a_sentence(cifar10, monkeypatch):
    with pytest.raises(KnobError, match="model cnn needs images, such as dataset cifar10 or digits196, got mnist1d"):
        spec.configure("quick", {"model": "cnn", "dataset": "mnist1d"})
    with pytest.raises(KnobError, match="batch and samples must be 0 or at least 2"):
        spec.configure("quick", {"model": "resnet", "batch": 1})
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**5))
    with pytest.raises(ProblemError, match=r"networks of 2 widths up to 2 take 0\.0 GB, and 0\.0 GB are free") as caught:
        make("nakkiran-resnet")
    assert caught.value.hint.startswith("lower h, n or")


def test_missing_images_are_named_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    with pytest.raises(DataError, match="the data set cifar10 is not here") as caught:
        spec.configure("nakkiran-resnet").require_contents()
    assert "genlab data fetch cifar10" in caught.value.hint


def test_a_peak_in_the_width_of_channels_stands_above_both_minima():
    def judged(errors, preset="nakkiran-cnn-small", seeds=1):
        sweeps = types.SimpleNamespace(widths=np.array([1, 2, 4, 8]), latest=lambda *_: np.array(errors)[:, None])
        run = types.SimpleNamespace(sweeps=sweeps, done=True, config=spec.configure(preset), seeds=tuple(range(seeds)))
        return JUDGES["DDD10"](run)

    assert judged([0.4, 0.45, 0.5, 0.3]).status.value == "holds" and judged([0.4, 0.45, 0.5, 0.3]).measured == pytest.approx(0.1)
    assert judged([0.4, 0.41, 0.42, 0.3]).status.value == "fails"
    assert judged([0.4, 0.45, 0.5, 0.6]).status.value == "fails"
    assert judged([0.6, 0.5, 0.4, 0.3]).status.value == "fails"
    peak = [0.4, 0.45, 0.5, 0.3]
    assert judged(peak, "nakkiran-resnet-small", 6).status.value == "holds"
    few = judged(peak, "nakkiran-resnet-small", 5)
    assert (few.status.value, "needs 6 seeds" in few.reason) == ("not applicable", True)


def test_a_loss_that_is_no_number_names_its_network(few_steps):
    run = make("nakkiran-cnn-small", n=100, batch=50)
    run.groups[0].trainer.network.flat.fill_(float("nan"))
    with pytest.raises(Diverged, match=r"h=1 \(noisy\)"):
        work(run)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sister", SISTERS)
def test_a_sister_shows_the_second_descent(sister):
    seeds = tuple(range(spec.preset(sister).seeds))
    run = work(registry.load("deep-double-descent")(spec.configure(sister), seeds, "cpu", sister), budget=5.0)
    assert {verdict.claim.id for verdict in run.verdicts() if verdict.holds} >= {"DDD10"}
