"""Gradients of the losses in float64 against autograd."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.float64_losses import GRADIENTS
from tests.phenomena.grokking.small_networks import MEMBERS, B, P, examples


def stablemax(x):
    s = torch.where(x >= 0, x + 1, 1 / (1 - x))
    return (s / s.sum(1, keepdim=True)).log()


@pytest.mark.parametrize(("name", "log"), [("cross-entropy", lambda x: x.log_softmax(1)), ("stablemax", stablemax)])
def test_gradients_in_the_outputs_equal_autograd(name, log):
    _, targets = examples()
    outputs = torch.randn(MEMBERS, P, B, generator=torch.Generator().manual_seed(0), dtype=torch.float64).mul_(3).requires_grad_()
    expected = -(log(outputs) * targets).sum(1).mean(1)
    expected.sum().backward()
    torch.testing.assert_close(GRADIENTS[name](outputs.detach(), targets), outputs.grad)


def test_a_loss_too_small_for_float32_is_seen():
    outputs = torch.tensor([[[30.0], [0.0]]])
    targets = torch.tensor([[[1.0], [0.0]]])
    delta = GRADIENTS["cross-entropy"](outputs, targets)
    assert delta[0, 0, 0].item() == pytest.approx(-np.exp(-30.0), rel=1e-3)
    assert delta[0, 1, 0].item() == pytest.approx(np.exp(-30.0), rel=1e-6)
