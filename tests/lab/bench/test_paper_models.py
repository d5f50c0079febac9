"""The two sides of the bench on published networks do the same work."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from engine.networks.convolutional import five_layer_cnn, homogeneous_cnn
from engine.networks.decoder import HEADS, Decoder
from engine.networks.residual import preact_resnet18
from engine.networks.zhang import small_alexnet
from lab.bench.paper_models import EPOCH, Model, engine_step, perceptron, plain_step
from lab.bench.paper_trainers import decoder_step, homogeneous_as_published, homogeneous_step

DOUBLE = torch.float64
SMALL = (
    Model("perceptron", lambda: perceptron((48, 8, 8, 10)), (4, 4, 3), 4, sizes=(48, 8, 8, 10), dtype=DOUBLE),
    Model("AdamW", lambda: perceptron((48, 8, 10)), (4, 4, 3), 4, adam=True, sizes=(48, 8, 10), dtype=DOUBLE),
    Model("AlexNet", partial(small_alexnet, side=8, width=0.05), (8, 8, 3), 3, dtype=DOUBLE),
    Model("ResNet18", partial(preact_resnet18, 1), (8, 8, 3), 4, adam=True, dtype=DOUBLE),
    Model("CNN", partial(five_layer_cnn, 1), (16, 16, 3), 4, dtype=DOUBLE),
    Model(
        "homogeneous",
        partial(homogeneous_cnn, side=8, width=0.1),
        (8, 8, 1),
        4,
        dtype=DOUBLE,
        momentum=0.0,
        trained=homogeneous_step,
        plain=partial(homogeneous_as_published, 8, 0.1),
    ),
    Model("decoder", lambda: Decoder(5, 8, HEADS), (2,), 4, adam=True, tokens=5, dtype=DOUBLE, trained=decoder_step),
)


@pytest.mark.parametrize("model", SMALL, ids=lambda model: model.label)
def test_both_sides_take_the_same_steps(model: Model) -> None:
    """Over more than an epoch, in double precision: the weights agree but for rounding."""
    (ours, mine), (plain, other) = engine_step(model), plain_step(model)
    before = [values.clone() for values in other()]
    for _ in range(EPOCH + 2):
        ours(), plain()
    assert any((values - first).abs().max() > 1e-4 for values, first in zip(other(), before, strict=True))
    for a, b in zip(mine(), other(), strict=True):
        torch.testing.assert_close(a.contiguous(), b.contiguous(), rtol=1e-6, atol=1e-8)
