"""Study convolutional of max margin: losses however small, what the loss-based rate does, the paper's preset on small MNIST files."""

import types

import numpy as np
import pytest
import torch

from engine.contract import Status
from engine.contract.domain import unmet
from engine.data.published import PUBLISHED, place
from engine.errors import DataError, Diverged, KnobError, ProblemError
from engine.networks.convolutional import homogeneous_cnn
from engine.networks.network import images
from engine.phenomena.max_margin.claims import CLAIMS
from engine.phenomena.max_margin.convolutional.figures import tiled
from engine.phenomena.max_margin.convolutional.margins import gaps, log_losses, relative_derivative
from engine.phenomena.max_margin.convolutional.size import memory, network_size
from engine.phenomena.max_margin.convolutional.trainer import ALPHA, FALL, RISE, Reading
from engine.phenomena.max_margin.experiment import MaxMargin
from engine.state import State
from tests.engine.data.published.small import described, idx_contents, lay
from tests.phenomena.driven import work
from tests.phenomena.headlines import headline_of

pytestmark = pytest.mark.usefixtures("one_thread")
spec = MaxMargin.spec
TRAIN, TESTS = 60, 30
CONTENTS = idx_contents(TRAIN, TESTS)
SMALL = described(PUBLISHED["mnist"], CONTENTS, train=TRAIN, tests=TESTS)
TINY = {"examples": 60, "batch": 20, "epochs": 4, "channels": 0.05}
DIGITS = {**TINY, "examples": 40, "batch": 10}


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "mnist", SMALL)
    lay(SMALL, CONTENTS, place(SMALL))


def begin(preset="lyu-li-small", seeds=(0,), **knobs):
    return MaxMargin(spec.configure(preset, {**(TINY if preset == "lyu-li" else DIGITS), **knobs}), seeds, "cpu", "custom")


@pytest.mark.parametrize("scale", [0.1, 3.0, 300.0])
def test_losses_and_derivatives_are_those_of_cross_entropy(scale):
    rng = np.random.default_rng(0)
    outputs = torch.from_numpy(scale * rng.standard_normal((6, 4)))
    labels = outputs.argmax(1) if scale > 100 else torch.from_numpy(rng.integers(4, size=6))
    z, q, _ = gaps(outputs, labels)
    by_hand = [max(row[j] - row[y] for j in range(4) if j != y) for row, y in zip(outputs.tolist(), labels.tolist(), strict=True)]
    np.testing.assert_allclose(q.numpy(), -np.array(by_hand))
    if scale > 100:
        others = [[row[j] - row[y] for j in range(4) if j != y] for row, y in zip(outputs.numpy(), labels.tolist(), strict=True)]
        np.testing.assert_allclose(log_losses(z).numpy(), [np.logaddexp.reduce(row) for row in others], rtol=1e-12)
        found = relative_derivative(outputs, labels, float(torch.logsumexp(log_losses(z), 0)))
        assert float(found.abs().sum()) == pytest.approx(2 / 6)  # weights of sum 1, on the right output and on the others
        return
    given = outputs.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(given, labels)
    loss.backward()
    assert float(torch.logsumexp(log_losses(z), 0)) == pytest.approx(float(torch.log(6 * loss.detach())), rel=1e-10)
    np.testing.assert_allclose(relative_derivative(outputs, labels, 0.7).numpy(), given.grad.numpy() / np.exp(0.7), rtol=1e-9)


def test_one_epoch_at_a_constant_rate_is_that_of_plain_pytorch():
    run = begin(rates="constant", epochs=1, lr=0.05)
    trainer = run.study.trainers[0]
    module = homogeneous_cnn(10, 1, 14, 0.05, first_bias=True)
    for name, parameter in module.named_parameters():
        parameter.data = torch.from_numpy(run.arrays()[f"constant_{name}"].copy())
    order = np.random.Generator(type(trainer.rng.bit_generator)())
    order.bit_generator.state = trainer.rng.bit_generator.state
    places = order.permutation(40)
    work(run)
    view, optimiser = images((14, 14)), torch.optim.SGD(module.parameters(), lr=0.05)
    for start in range(0, 40, 10):
        chosen = torch.from_numpy(places[start : start + 10])
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(module(view(trainer.images.x[chosen])), trainer.images.y[chosen]).backward()
        optimiser.step()
    for name, parameter in module.named_parameters():
        np.testing.assert_allclose(run.arrays()[f"constant_{name}"], parameter.detach().numpy(), atol=2e-6)


def test_an_epoch_that_raises_the_loss_is_taken_back_and_alpha_falls():
    trainer = begin(rates="loss-based").study.trainers[0]
    first = trainer.network.flat.clone()
    for _ in trainer.epochs(1):
        pass
    assert trainer.step == 1 and trainer.alpha == pytest.approx(ALPHA * RISE / FALL**trainer.repeated)
    kept, alpha, frame = trainer.network.flat.clone(), trainer.alpha, trainer.log_frame
    assert not torch.equal(first, kept)
    trainer.network.flat.add_(1.0)
    trainer._close(Reading(frame + 0.1, 0.0, -1.0, 0.5))
    assert torch.equal(trainer.network.flat, kept) and trainer.step == 1
    assert trainer.alpha == pytest.approx(alpha / FALL) and trainer.log_frame == frame
    trainer._close(Reading(float("nan"), 0.0, -1.0, 0.5))
    assert trainer.step == 1 and trainer.alpha == pytest.approx(alpha / FALL**2)
    trainer._close(Reading(frame - 0.1, 0.0, 1.0, 1.0))
    assert trainer.step == 2 and trainer.log_frame == pytest.approx(frame - 0.1)


def test_the_papers_preset_trains_on_mnist_files_and_goes_on_bit_for_bit_amid_an_epoch(mnist):
    whole = work(begin("lyu-li"))
    assert whole.history.steps[-1] == 4 and len(whole.networks) == 2
    assert not [item.claim.id for item in whole.verdicts() if item.status is Status.FAILS]
    assert headline_of(whole) and whole.pictures() and {item.name.split("/")[0] for item in whole.series()} >= {"cnn-loss", "cnn-norm"}
    first = work(begin("lyu-li"), until=1)
    for _ in range(4):
        if not first.due():
            first.advance(1e-6)
    saved = first.state()
    second = begin("lyu-li")
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({name: values.copy() for name, values in saved.arrays.items()}, saved.scalars))
    work(second)
    assert second.history.records == whole.history.records
    for name, values in whole.state().arrays.items():
        np.testing.assert_array_equal(second.state().arrays[name], values, err_msg=name)


def test_what_is_measured_is_that_of_the_stored_network(mnist):
    run = work(begin("lyu-li", rates="constant"))
    arrays, record = run.arrays(), run.history.records[-1]
    module = homogeneous_cnn(10, 1, 28, 0.05, first_bias=True)
    for name, parameter in module.named_parameters():
        parameter.data = torch.from_numpy(arrays[f"constant_{name}"].copy())
    outputs = module(images((28, 28))(torch.from_numpy(arrays["X"].copy()))).detach().double().numpy()
    right = outputs[np.arange(60), arrays["y"]]
    others = np.where(np.eye(10, dtype=bool)[arrays["y"]], -np.inf, outputs).max(axis=1)
    norm = np.sqrt(sum(float((parameter.detach().double() ** 2).sum()) for parameter in module.parameters()))
    assert record["network margin"][0] == pytest.approx(np.min(right - others) / norm**4, rel=1e-4)
    loss = np.sum(np.logaddexp.reduce(outputs, axis=1) - right)
    assert record["network log loss"][0] == pytest.approx(np.log(loss), rel=1e-5)
    assert record["network accuracy"][0] == pytest.approx(np.mean(right > others))


def test_a_seed_of_several_is_its_own():
    both, alone = work(begin(seeds=(0, 1), epochs=2)), work(begin(seeds=(1,), epochs=2))
    np.testing.assert_array_equal(both.study.trail.rows[:, [1, 3]], alone.study.trail.rows)


def test_a_loss_that_is_no_number_any_more_is_said():
    run = begin(rates="constant")
    run.study.trainers[0].network.flat.fill_(torch.nan)
    with pytest.raises(Diverged, match="the loss at a constant rate is no longer a finite number at epoch") as caught:
        work(run)
    assert caught.value.hint == "lower lr"


@pytest.mark.parametrize("knobs", [{"rates": "loss-based"}, {"first_bias": False}, {"images": "digits5k"}, {"batch": 40, "epochs": 1}])
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{"epochs": 2, **knobs}))
    assert headline_of(run) and all(np.isfinite(item.y).all() for item in run.series())
    assert {item.status for item in run.verdicts() if item.claim.id in ("LL1", "LL2", "LL3")} == {Status.NOT_APPLICABLE}


def test_what_cannot_be_is_named(tmp_path, monkeypatch):
    for knobs, sentence in (
        ({"batch": 41}, "batch must be at most the 40 training images, got 41"), ({"examples": 4991}, "examples must be at most"),
        ({"channels": 0.01}, "channels must be"), ({"rates": "fast"}, "rates must be"), ({"lr": 2.0}, "learning rate must be"),
    ):  # fmt: skip
        with pytest.raises(KnobError, match=sentence):
            spec.configure("lyu-li-small", {**DIGITS, **knobs})
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    with pytest.raises(DataError, match="the data set mnist is not here") as caught:
        spec.configure("lyu-li").require_contents()
    assert "genlab data fetch mnist" in caught.value.hint
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**7))
    with pytest.raises(ProblemError, match=r"60,000 images of mnist and 2 networks take .* GB, and 0.0 GB are free") as caught:
        MaxMargin(spec.configure("lyu-li"), (0,), "cpu", "lyu-li")
    assert caught.value.hint == "lower examples or the number of seeds"
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**12))
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (10**7, 10**10))
    with pytest.raises(ProblemError, match=r"networks take .* GB, and 0.0 GB of the GPU are free"):
        MaxMargin(spec.configure("lyu-li"), (0,), "cuda", "lyu-li")


def test_the_preset_declares_the_papers_settings_and_what_it_costs():
    config = spec.configure("lyu-li")
    assert (config.batch, config.lr, config.epochs, config.examples, config.images) == (100, 0.01, 10_000, 60_000, "mnist")
    parameters = sum(parameter.numel() for parameter in homogeneous_cnn(first_bias=True).parameters())
    assert network_size(config).parameters == parameters == spec.work(config, 1).parameters == 25 * 32 + 32 + 18_432 + 3_211_264 + 10_240
    assert 3e8 < memory(config, 1) < 3e9 and spec.work(config, 1).operations > 1e16


def test_claims_are_meant_for_both_presets_as_they_are_and_can_fail():
    claims = [claim for claim in CLAIMS if claim.id.startswith("LL")]
    for preset in ("lyu-li", "lyu-li-small"):
        assert not any(unmet(claim.domain, spec.configure(preset)) for claim in claims)
        assert all(unmet(claim.domain, spec.configure(preset, {"batch": 20})) for claim in claims)
    run = MaxMargin(spec.configure("lyu-li-small"), (0,), "cpu", "lyu-li-small")
    run.study.trail.add(1, np.array([[-1.0, 2.0, 1.0, 1.0, 0.1], [-1.0, 2.0, 1.0, 1.0, 0.1]]))
    run.study.trail.add(run.total, np.array([[-5.0, 2.0, 2.0, 1.0, 0.1], [-20.0, 2.0, 1.1, 1.0, 0.1]]))
    run.history.append(run.total, run.measure())
    assert {item.claim.id: item.status for item in run.verdicts() if item.claim.id.startswith("LL")} == dict.fromkeys(
        ("LL1", "LL2", "LL3"), Status.FAILS
    )


def test_kernels_are_laid_out_in_rows_of_eight():
    tiles = [np.full((2, 2), float(number)) for number in range(1, 11)]
    found = tiled(tiles)
    assert found.shape == (5, 23) and found[0, 0] == 1 and found[0, 3] == 2 and found[3, 0] == 9 and np.isnan(found[2]).all()
