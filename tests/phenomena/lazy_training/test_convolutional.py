"""Study convolutional of lazy training: the linearised model, what is measured, the paper's preset on small CIFAR-10 files."""

import types

import numpy as np
import pytest
import torch

from engine.contract import Status
from engine.contract.domain import unmet
from engine.data.published import PUBLISHED, place
from engine.errors import DataError, KnobError, ProblemError
from engine.networks.network import images
from engine.phenomena.lazy_training.claims import CLAIMS
from engine.phenomena.lazy_training.convolutional.networks import CentredMembers, glorot_normal, make_module
from engine.phenomena.lazy_training.convolutional.settings import LINEARISED
from engine.phenomena.lazy_training.convolutional.size import memory, network_count, network_size
from engine.phenomena.lazy_training.experiment import LazyTraining
from engine.seeds import streams
from engine.state import State
from tests.engine.data.published.small import batches, described, lay, packed
from tests.phenomena.driven import work
from tests.phenomena.headlines import headline_of

pytestmark = pytest.mark.usefixtures("one_thread")
spec = LazyTraining.spec
TRAIN, TESTS = 40, 20
CONTENTS = [packed(batches(TRAIN, TESTS))]
SMALL = described(PUBLISHED["cifar10"], CONTENTS, train=TRAIN, tests=TESTS)
TINY = {"examples": 40, "batch": 20, "epochs": 2, "channels": 0.02, "output_scales": (0.5, 1e3, 1e7), "rates": (0.1,)}
IDS = ("LC1", "LC2", "LC3", "LC4")


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "cifar10", SMALL)
    lay(SMALL, CONTENTS, place(SMALL))


def begin(preset="chizat-cnn-small", seeds=(0,), **knobs):
    return LazyTraining(spec.configure(preset, {**TINY, **knobs}), seeds, "cpu", "custom")


def members(linear=(False, True), architecture="vgg11", scatter=0.01):
    """A network and its linearisation, at the same weights a little way from the first."""
    module, rng = make_module(architecture, 10, 1, 0.05), streams(0).init
    network = CentredMembers(module, linear, lambda rows: images((8, 8))(rows.double()), torch.float64, "cpu", 4)
    drawn = glorot_normal(module, 1.4, rng)  # with biases, since a ReLU behind shut ones stands at its kink
    network.begin([values if values.ndim > 1 else 0.1 * rng.standard_normal(values.shape) for values in drawn])
    moved = torch.from_numpy(scatter * rng.standard_normal(network.layout.rows(network.flat).shape[1]))
    network.layout.fill(network.flat, network.layout.rows(network.flat) + moved)
    return network, torch.from_numpy(rng.standard_normal((6, 64)))


@pytest.mark.parametrize("architecture", ["vgg11", "resnet18"])
def test_networks_begin_at_zero_and_near_the_start_are_their_linearisation(architecture):
    network, x = members(architecture=architecture, scatter=0.0)
    for member in range(2):
        assert float(network.predict(member, x).abs().max()) < 1e-12
    gaps = []
    for scatter in (1e-6, 1e-7):
        network, x = members(architecture=architecture, scatter=scatter)
        itself, linear = (network.predict(member, x) for member in range(2))
        assert float(linear.abs().max()) > 0
        gaps.append(float((itself - linear).norm() / linear.norm()))
    assert gaps[1] < gaps[0] / 5 < 0.02  # the remainder is quadratic


def test_the_linearised_models_outputs_are_linear_in_its_movement():
    once, x = members(scatter=0.01)
    twice, _ = members(scatter=0.02)
    torch.testing.assert_close(twice.predict(1, x), 2 * once.predict(1, x), rtol=1e-9, atol=1e-12)


def test_gradients_of_both_are_those_of_finite_differences():
    network, x = members(scatter=0.05)
    outputs = network.forward(x[None].expand(2, -1, -1))
    given = torch.from_numpy(np.random.default_rng(1).standard_normal(tuple(outputs.shape)))
    network.backward(given)
    gradients, weights = network.layout.rows(network.gradient).clone(), network.layout.rows(network.flat).clone()
    away = torch.from_numpy(np.random.default_rng(2).standard_normal(weights.shape[1]))
    sides = []
    for sign in (1, -1):
        network.layout.fill(network.flat, weights + sign * 1e-6 * away)
        sides.append(torch.stack([(network.predict(member, x) * given[member]).sum() for member in range(2)]))
    torch.testing.assert_close((sides[0] - sides[1]) / 2e-6, gradients @ away, rtol=1e-5, atol=1e-7)


def test_steps_are_those_of_the_papers_code():
    """A plain loop with mean squared error of PyTorch's, momentum, the rate over 1 + epoch/3, targets over alpha."""
    run = begin(output_scales=(10.0,), linearised=False, epochs=3)
    ensemble, task = run.convolutional.ensembles[0], run.convolutional.tasks[0]
    module = make_module("vgg11", 10, 1, 0.02).double()
    for parameter, given in zip(module.parameters(), ensemble.network.first.parameters(), strict=True):
        parameter.data = given.data.clone().contiguous()
    view, first = images((14, 14)), ensemble.network.first
    order, optimiser = streams(0).order, torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    targets, losses = torch.nn.functional.one_hot(task.y, 10).double() / 10.0, []
    for epoch in range(3):
        optimiser.param_groups[0]["lr"] = 0.1 / (1 + 100 * epoch / 300)
        for chosen in torch.from_numpy(order.permutation(40)).split(20):
            seen = view(task.x[chosen].double())
            loss = torch.nn.functional.mse_loss(module(seen) - first(seen), targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item() * 10 * 10.0**2)
    work(run)
    assert run.history.records[-1]["cnn-loss"][0] == pytest.approx(np.mean(losses[-2:]), rel=1e-8)
    for parameter, trained in zip(module.parameters(), ensemble.network.modules[0].parameters(), strict=True):
        torch.testing.assert_close(parameter.data, trained.data, rtol=1e-7, atol=1e-10)


def test_what_is_measured_is_that_of_the_networks():
    run = work(begin())
    study, record = run.convolutional, run.history.records[-1]
    network, task = study.ensembles[0].network, study.tasks[0]
    for member, one in enumerate(run.networks):
        right = (network.predict(member, task.x_test).argmax(0) == task.y_test).double().mean()
        assert record["cnn-test-accuracy"][member] == pytest.approx(float(right))
        assert record["cnn-kept"][member] == 1.0 or not one.setting.linearised
    rows = network.layout.rows(network.flat)
    first = torch.from_numpy(run.arrays()["w0"])
    ways = (rows - first).norm(dim=1) / first.norm()
    np.testing.assert_allclose(record["cnn-weight-change"], ways.numpy(), rtol=1e-9)


def test_the_papers_preset_trains_on_cifar_files_and_goes_on_bit_for_bit_amid_an_epoch(cifar):
    whole = work(begin("chizat-cnn", network="both"))
    assert whole.history.steps[-1] == 4 and len(whole.networks) == 2 * 4
    assert not [item.claim.id for item in whole.verdicts() if item.status is Status.FAILS]
    assert headline_of(whole) and {item.name.split("/")[0] for item in whole.series()} == {
        "cnn-accuracy", "cnn-kept", "cnn-weight-change", "cnn-loss"
    }  # fmt: skip
    first = work(begin("chizat-cnn", network="both"), until=2)
    while first.convolutional.ensembles[0].taken == 2:
        first.advance(1e-9)
    saved = first.state()
    second = begin("chizat-cnn", network="both")
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({name: values.copy() for name, values in saved.arrays.items()}, saved.scalars))
    work(second)
    assert list(map(repr, second.history.records)) == list(map(repr, whole.history.records))
    for name, values in whole.state().arrays.items():
        np.testing.assert_array_equal(second.state().arrays[name], values, err_msg=name)


def test_a_seed_of_several_is_its_own():
    both, alone = work(begin(seeds=(0, 1))), work(begin(seeds=(1,)))
    places = [place for place, one in enumerate(both.networks) if one.seed == 1]
    assert [both.history.records[-1]["cnn-loss"][place] for place in places] == alone.history.records[-1]["cnn-loss"]


def test_a_scale_takes_the_rate_with_the_smallest_training_loss_and_runaways_are_put_aside():
    run = work(begin(rates=(2.0, 0.01), output_scales=(1e-3, 1.0), epochs=3))
    study, losses = run.convolutional, run.history.records[-1]["cnn-loss"]
    assert np.isnan(losses).any() and len(study.ensembles[0].active) == np.isfinite(losses).sum()
    for alpha in (1.0, LINEARISED):
        (chosen,) = study.chosen("vgg11", alpha)
        rivals = [losses[place] for place, one in enumerate(run.networks) if one.setting.alpha == alpha]
        assert losses[chosen] == np.nanmin(rivals)
    assert headline_of(run) and all(np.isfinite(item.y).all() for item in run.series())


@pytest.mark.parametrize("knobs", [{"network": "resnet18"}, {"crops": True}, {"images": "digits5k", "linearised": False}, {"epochs": 1}])
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{"epochs": 1, **knobs}))
    assert headline_of(run) and all(np.isfinite(item.y).all() for item in run.series())
    assert {item.status for item in run.verdicts()} == {Status.NOT_APPLICABLE}


def test_what_cannot_be_is_named(tmp_path, monkeypatch):
    for knobs, sentence in (
        ({"batch": 41}, "batch must be at most the 40 training images, got 41"), ({"examples": 4991}, "examples must be at most"),
        ({"output_scales": (0.0,)}, "output scales must be"), ({"network": "vgg16"}, "network must be"),
    ):  # fmt: skip
        with pytest.raises(KnobError, match=sentence):
            spec.configure("chizat-cnn-small", {**TINY, **knobs})
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    with pytest.raises(DataError, match="the data set cifar10 is not here") as caught:
        spec.configure("chizat-cnn").require_contents()
    assert "genlab data fetch cifar10" in caught.value.hint
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**7))
    with pytest.raises(ProblemError, match=r"50,000 images of cifar10 and 104 networks take .* GB, and 0.0 GB are free") as caught:
        LazyTraining(spec.configure("chizat-cnn"), (0,), "cpu", "chizat-cnn")
    assert caught.value.hint == "lower examples, channels, or the number of scales, rates or seeds"


def test_the_preset_declares_the_papers_settings_and_what_it_costs():
    config = spec.configure("chizat-cnn")
    assert (config.examples, config.batch, config.epochs, config.images, config.crops) == (50_000, 128, 100, "cifar10", True)
    assert (min(config.output_scales), max(config.output_scales), len(config.output_scales)) == (0.01, 1e7, 12)
    counts = {name: sum(item.numel() for item in make_module(name, 10, 3, 1.0).parameters()) for name in ("vgg11", "resnet18")}
    assert counts == {name: network_size(config, name).parameters for name in counts}
    assert counts["vgg11"] == 9_231_114 - 2 * 2752 and spec.work(config, 1).parameters == counts["resnet18"]
    assert network_count(config, 1) == 104 and 2e10 < memory(config, 1) < 24e9 and spec.work(config, 1).solves > 1e18


def test_claims_are_meant_for_both_presets_as_they_are_and_can_fail():
    claims = [claim for claim in CLAIMS if claim.id in IDS]
    for preset in ("chizat-cnn", "chizat-cnn-small"):
        assert not any(unmet(claim.domain, spec.configure(preset)) for claim in claims)
        assert all(unmet(claim.domain, spec.configure(preset, {"batch": 20})) for claim in claims)
    run = LazyTraining(spec.configure("chizat-cnn-small"), (0,), "cpu", "chizat-cnn-small")
    inverse = np.array([1.0 if one.setting.linearised else 1.0 / one.setting.alpha**0.5 for one in run.networks])
    same = np.full(len(run.networks), 0.7)
    accuracy = np.array([0.8 if one.setting.linearised else 0.7 for one in run.networks])
    record = {"cnn-loss": same, "cnn-train-accuracy": same, "cnn-test-accuracy": accuracy, "cnn-weight-change": inverse, "cnn-kept": same}
    run.history.append(run.total, {name: values.tolist() for name, values in record.items()})
    found = {item.claim.id: item for item in run.verdicts()}
    assert {name: found[name].status for name in IDS} == dict.fromkeys(IDS, Status.FAILS)
    run.history.records[-1]["cnn-loss"] = [1.0] * len(run.networks)
    run.history._columns.clear()
    assert {item.status for item in run.verdicts() if item.claim.id in IDS} == {Status.CENSORED}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_small_preset_shows_that_rich_networks_beat_lazy_ones():
    run = work(LazyTraining(spec.configure("chizat-cnn-small"), (0,), "cpu", "chizat-cnn-small"))
    assert {item.claim.id for item in run.verdicts() if item.status is Status.HOLDS} == set(IDS)


class Held:
    """A tensor that a graph keeps for the way back, counted while it is kept."""

    now = most = 0

    def __init__(self, tensor):
        self.tensor, self.size = tensor, tensor.numel() * tensor.element_size()
        Held.now += self.size
        Held.most = max(Held.most, Held.now)

    def __del__(self):
        Held.now -= self.size


@pytest.mark.parametrize("linearised", [False, True])
def test_what_layers_make_of_a_batch_is_held_of_one_network_at_a_time_and_is_declared(linearised):
    most = []
    for scales in ((1.0,), (1.0, 10.0, 100.0, 1000.0)):
        config = spec.configure("chizat-cnn-small", {**TINY, "output_scales": scales, "linearised": linearised, "channels": 0.25})
        study = LazyTraining(config, (0,), "cpu", "custom").convolutional
        Held.now = Held.most = 0
        with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
            study.train(1, 0.0)
        most.append(Held.most)
        size = network_size(config, "vgg11")
        assert Held.most < 8 * size.units * (3 + 4 * linearised) * config.batch + 8 * 8 * size.parameters
    assert most[1] == most[0] > 0


def test_networks_put_aside_leave_the_others_and_what_is_kept_as_they_were():
    study = begin(output_scales=(1.0, 10.0, 100.0), linearised=False).convolutional
    (ensemble,) = study.ensembles
    study.train(2, 60.0)
    before, velocity = ensemble.weights().clone(), ensemble.network.layout.rows(ensemble.network.gradient)
    ensemble.retire([1])
    assert torch.equal(ensemble.weights(), before)
    assert torch.equal(ensemble.network.layout.rows(ensemble.network.gradient), velocity[[0, 2]])
    for row, module in enumerate(ensemble.network.modules):
        pairs = zip(module.parameters(), ensemble.network.blocks, strict=True)
        assert all(parameter.data_ptr() == block[row].data_ptr() for parameter, block in pairs)
    study.train(4, 60.0)
    assert torch.equal(ensemble.weights()[1], before[1]) and not torch.equal(ensemble.weights()[2], before[2])
