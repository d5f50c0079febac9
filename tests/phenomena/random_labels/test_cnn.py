"""Batched convolutional networks against PyTorch's own layers."""

import numpy as np
import pytest
import torch

from engine.phenomena.random_labels.cnn import CNN, draw_cnn
from engine.seeds import streams
from engine.training.losses import LOSSES

F64 = torch.float64


class PlainCNN(torch.nn.Module):
    def __init__(self, drawn, channels):
        super().__init__()
        shapes = [(1, 5), (channels, 3), (channels, 3)]
        self.convolutions = [torch.nn.Conv1d(a, channels, k, stride=2, padding=1, dtype=F64) for a, k in shapes]
        for layer, (a, k), weight, bias in zip(self.convolutions, shapes, drawn[0:6:2], drawn[1:6:2], strict=True):
            layer.weight = torch.nn.Parameter(torch.from_numpy(weight.reshape(k, a, channels).transpose(2, 1, 0).copy()))
            layer.bias = torch.nn.Parameter(torch.from_numpy(bias[0].copy()))
        self.weight, self.bias = (torch.nn.Parameter(torch.from_numpy(item.copy())) for item in drawn[6:])

    def forward(self, x):
        h = x[:, None]
        for layer in self.convolutions:
            h = torch.relu(layer(h))
        return h.transpose(1, 2).flatten(1) @ self.weight + self.bias


def test_convolutional_members_equal_pytorch_layers():
    rng = np.random.default_rng(0)
    x, labels = torch.from_numpy(rng.standard_normal((2, 6, 40))), rng.integers(0, 10, (2, 6))
    targets = torch.from_numpy(np.eye(10)[labels]).transpose(1, 2).contiguous()
    network = CNN(40, 4, 10, 2, F64)
    drawn = [draw_cnn(40, 4, 10, streams(s).init) for s in (0, 1)]
    for place, arrays in enumerate(drawn):
        network.load(place, arrays)
    for keep in (0.0, 0.9):
        before = network.layout.rows(network.gradient).clone()
        outputs = network.forward(x)
        delta, values = torch.empty_like(outputs), torch.empty(2, dtype=F64)
        LOSSES["cross-entropy"](outputs, targets, delta, values)
        network.backward(delta, keep)
        rows = network.layout.rows(network.gradient)
        for place, arrays in enumerate(drawn):
            model = PlainCNN(arrays, 4)
            expected = torch.nn.functional.cross_entropy(model(x[place]), torch.from_numpy(labels[place]))
            expected.backward()
            grads = [g for c in model.convolutions for g in (c.weight.grad.permute(2, 1, 0), c.bias.grad)]
            flat = torch.cat([g.flatten() for g in (*grads, model.weight.grad, model.bias.grad)])
            assert values[place].item() == pytest.approx(expected.item(), rel=1e-12)
            torch.testing.assert_close(rows[place], flat + keep * before[place], rtol=1e-10, atol=1e-13)
            torch.testing.assert_close(network.predict(place, x[place]).T, model(x[place]), rtol=1e-10, atol=1e-12)


def test_published_convolutional_network_has_the_published_size():
    assert CNN(40, 25, 10, 1, torch.float32).layout.parameters == 25 * 5 + 25 + 2 * (25 * 25 * 3 + 25) + 125 * 10 + 10
