"""Modules train as in a plain PyTorch loop, go on bit for bit after a restore, and see what their recipe says."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.networks.augmentation import CropAndFlip, Scaled
from engine.networks.convolutional import five_layer_cnn
from engine.networks.drawing import draw_parameters
from engine.networks.network import ModuleMembers, images
from engine.networks.residual import wide_resnet
from engine.networks.schedules import ByEpoch, Drops, InverseRoot, LinearDecay
from engine.networks.training import ModuleEnsemble, Recipe
from engine.training.batches import Batches
from engine.training.ensemble import TrainingSet
from engine.training.optimizers import SGD, AdamW

N, SHAPE, BATCH = 24, (8, 8, 3), 8
RNG = np.random.default_rng(5)
X = torch.from_numpy(RNG.normal(size=(N, 192)))
LABELS = torch.from_numpy(RNG.integers(0, 10, (2, N)))


def trained(
    steps: int = 0, recipe: Recipe | None = None, kind: type[SGD] | type[AdamW] = SGD, x: Tensor = X
) -> tuple[ModuleEnsemble, Tensor]:
    network = ModuleMembers(five_layer_cnn(2), 2, images(SHAPE), torch.float64)
    for member in range(2):
        network.load(member, draw_parameters(five_layer_cnn(2), np.random.default_rng(member)))
    optimizer = SGD(network, 0.05, 1e-3, 0.9) if kind is SGD else AdamW(network, 0.01)
    targets = nn.functional.one_hot(LABELS, 10).double()
    data = TrainingSet(x[None], targets, np.array([0, 0]), np.array([0, 1]))
    ensemble = ModuleEnsemble(optimizer, data, Batches([np.random.default_rng(s) for s in (7, 8)], N, BATCH), recipe or Recipe())
    return ensemble, stepped(ensemble, steps)


def stepped(ensemble: ModuleEnsemble, steps: int) -> Tensor:
    losses = torch.zeros(steps, len(ensemble.active), dtype=torch.float64)
    for row in losses:
        ensemble.step(row)
    return losses


@pytest.mark.parametrize("kind", [SGD, AdamW])
def test_training_is_the_plain_loop(kind: type[SGD] | type[AdamW]) -> None:
    ensemble, losses = trained(7, Recipe(ByEpoch(3, 0.5)), kind)
    for member in range(2):
        module = five_layer_cnn(2).double()
        for parameter, values in zip(module.parameters(), draw_parameters(module, np.random.default_rng(member)), strict=True):
            parameter.data = torch.from_numpy(values)
        if kind is SGD:
            optimizer: torch.optim.Optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
        else:
            optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
        batches = Batches([np.random.default_rng(7 + member)], N, BATCH)
        pixels = X.view(N, *SHAPE).permute(0, 3, 1, 2)
        for step in range(7):
            order = torch.from_numpy(batches.next_epoch()[0] if step % 3 == 0 else batches.orders[0])[
                step % 3 * BATCH : (step % 3 + 1) * BATCH
            ]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(module(pixels[order]), LABELS[member][order])
            loss.backward()
            optimizer.step()
            schedule.step()
            assert float(losses[step, member]) == pytest.approx(loss.item(), rel=1e-9)
        module.eval()
        assert torch.allclose(ensemble.network.predict(member, X), module(pixels).T.detach(), atol=1e-9)


def test_a_restored_ensemble_goes_on_bit_for_bit_statistics_and_counts_included() -> None:
    recipe = Recipe(ByEpoch(3, 0.5), (CropAndFlip(SHAPE, 3, pad=1),))
    whole, _ = trained(4, recipe)
    kept = whole.state()
    later = stepped(whole, 5)
    again, _ = trained(0, recipe)
    again.restore(kept)
    assert torch.equal(stepped(again, 5), later)
    assert again.counted == whole.counted == 9 * BATCH
    assert torch.equal(again.hits, whole.hits)
    for mine, theirs in zip(again.state().arrays.values(), whole.state().arrays.values(), strict=True):
        assert np.array_equal(mine, theirs)
    assert not np.array_equal(kept.arrays["statistics"], whole.state().arrays["statistics"])


def test_a_retired_member_keeps_its_weights_and_statistics_and_the_other_trains_as_before() -> None:
    both, _ = trained(3)
    alone, _ = trained(3)
    alone.retire([0])
    kept = alone.state()
    expected = stepped(both, 4)[:, 1:]
    assert torch.equal(stepped(alone, 4), expected)
    resumed, _ = trained(0)
    resumed.restore(kept)
    assert resumed.active == [1]
    assert torch.equal(stepped(resumed, 4), expected)
    assert np.array_equal(resumed.state().arrays["statistics"][0], kept.arrays["statistics"][0])


def test_hits_count_right_answers_before_each_step() -> None:
    ensemble, _ = trained(0)
    ensemble.network.modules[0].train()
    pixels = X.view(N, *SHAPE).permute(0, 3, 1, 2)
    with torch.no_grad():
        order = Batches([np.random.default_rng(7)], N, BATCH).next_epoch()[0][:BATCH]
        module = five_layer_cnn(2).double()
        for parameter, values in zip(module.parameters(), draw_parameters(module, np.random.default_rng(0)), strict=True):
            parameter.data = torch.from_numpy(values)
        right = int((module(pixels[order]).argmax(1) == LABELS[0][order]).sum())
    stepped(ensemble, 1)
    assert int(ensemble.hits[0]) == right
    assert ensemble.counted == BATCH
    ensemble.count_anew()
    assert ensemble.counted == 0 == int(ensemble.hits.sum())


def test_crops_are_those_of_a_loop_over_images() -> None:
    height, width, channels = SHAPE
    crop = CropAndFlip(SHAPE, seed=11, pad=2, fill=-1.0)
    rows = X[:6].float()
    found = crop(rows, 9).view(6, *SHAPE).numpy()
    rng = np.random.default_rng((11, 9))
    down, right = rng.integers(0, 5, (2, 6, 1))
    mirrored = rng.random((6, 1)) < 0.5
    for image, pixels in enumerate(rows.numpy().reshape(6, *SHAPE)):
        padded = np.full((height + 4, width + 4, channels), -1.0, dtype=np.float32)
        padded[2:-2, 2:-2] = pixels
        top, left = int(down[image, 0]), int(right[image, 0])
        cut = padded[top : top + height, left : left + width]
        assert np.array_equal(found[image], cut[:, ::-1] if mirrored[image, 0] else cut)
    by_channel = CropAndFlip(SHAPE, seed=11, pad=2, fill=tuple([-1.0] * channels))
    assert np.array_equal(by_channel(rows, 9).view(6, *SHAPE).numpy(), found)
    assert torch.equal(crop(rows, 9), crop(rows, 9))
    assert not torch.equal(crop(rows, 9), crop(rows, 10))


def test_bytes_are_scaled_channel_by_channel() -> None:
    rows = torch.tensor([[0, 10, 255, 1, 20, 0]], dtype=torch.uint8)
    assert torch.allclose(Scaled((0.0, 10.0, 255.0), (1.0, 2.0, 5.0))(rows, 0), torch.tensor([[0.0, 0, 0, 1, 5, -51]]))
    assert torch.allclose(Scaled((10.0,), (10.0,))(rows, 0), (rows.float() - 10) / 10)


def test_schedules_are_the_published_ones() -> None:
    assert [Drops((3, 5))(step) for step in (2, 3, 5)] == pytest.approx([1, 0.1, 0.01])
    assert [InverseRoot()(step) for step in (0, 511, 512, 3 * 512)] == pytest.approx([1, 1, 0.5**0.5, 0.5])
    assert ByEpoch(391, 0.95)(391 * 30) == pytest.approx(0.95**30)


def test_a_rate_falls_in_a_line_as_torchs_own_does() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=7)
    for step in range(9):
        assert LinearDecay(7)(step) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        falling.step()


def test_modules_of_several_kinds_of_layer_load_and_read_back() -> None:
    network = ModuleMembers(wide_resnet(10, base=2), 1, images((8, 8)), torch.float32)
    drawn = draw_parameters(wide_resnet(10, base=2), np.random.default_rng(0))
    network.load(0, drawn)
    rows = network.layout.rows(network.flat)
    for values, found in zip(drawn, network.layers(rows[0].numpy()), strict=True):
        assert np.array_equal(values.astype(np.float32), found)
