"""The factorised transformer against a forward pass in NumPy loops, the plain form, autograd, and members alone."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits

NAMES = NandaTransformer.TABLES


def by_hand(tables, a, b):
    """The last position's outputs for one pair, token by token and head by head."""
    t = dict(zip(NAMES, tables, strict=True))
    x = [t["E"][token] + t["P"][place] for place, token in enumerate((a, b, len(t["E"]) - 1))]
    residual = x[2].copy()
    for head in range(4):
        query = x[2] @ t["Wq"][head]
        scores = np.array([query @ (item @ t["Wk"][head]) for item in x]) / np.sqrt(32)
        weights = np.exp(scores) / np.exp(scores).sum()
        residual += sum(w * (item @ t["Wv"][head] @ t["Wo"][head]) for w, item in zip(weights, x, strict=True))
    hidden = np.maximum(residual @ t["W_in"] + t["b_in"], 0)
    return (residual + hidden @ t["W_out"] + t["b_out"]) @ t["W_U"]


def weights(p, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    drawn = NandaTransformer(p, 512, 1).draw(rng)
    return [
        scale * item + (0.1 * rng.standard_normal(item.shape) if name.startswith("b_") else 0)
        for name, item in zip(NAMES, drawn, strict=True)
    ]


def made(p, members, dtype, scale=1.0):
    network = NandaTransformer(p, 512, members, dtype)
    for member in range(members):
        network.load(member, weights(p, member, scale))
    return network


def pairs_of(p, members, count):
    rng = np.random.default_rng(5)
    cells = np.stack([rng.permutation(p * p)[:count] for _ in range(members)])
    return torch.from_numpy(np.stack([cells // p, cells % p], axis=-1))


def test_it_has_the_published_number_of_parameters_and_first_weights():
    assert NandaTransformer(113, 512, 1).layout.parameters == 226_816
    drawn = dict(zip(NAMES, NandaTransformer(113, 512, 1).draw(np.random.default_rng(0)), strict=True))
    assert drawn["W_in"].std() == pytest.approx(128**-0.5, rel=0.02)
    assert drawn["W_U"].std() == pytest.approx(114**-0.5, rel=0.02)
    assert not drawn["b_in"].any()
    assert not drawn["b_out"].any()


def test_outputs_equal_a_forward_pass_by_hand():
    network, pairs = made(7, 2, torch.float64, 2.0), pairs_of(7, 2, 6)
    outputs = network.forward(pairs).numpy()
    for member in range(2):
        for place, (a, b) in enumerate(pairs[member].tolist()):
            np.testing.assert_allclose(outputs[member, :, place], by_hand(weights(7, member, 2.0), a, b), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs_and_gradients_equal_the_plain_form(dtype):
    network, pairs = made(113, 2, dtype), pairs_of(113, 2, 300)
    outputs = network.forward(pairs)
    delta = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0), dtype=dtype) / 300
    network.backward(delta)
    for member in range(2):
        leaves = [block[member].clone().requires_grad_() for block in network.blocks]
        plain = plain_logits(leaves, pairs[member])
        plain.backward(delta[member].T)
        scale = plain.detach().abs().max()
        assert (outputs[member].T - plain).abs().max() <= 1e-6 * scale
        for name, leaf, blocks in zip(NAMES, leaves, network.gradient_blocks, strict=True):
            assert (blocks[member] - leaf.grad).abs().max() <= 1e-5 * max(1.0, leaf.grad.abs().max()), name


def test_scores_that_are_large_do_not_overflow():
    network, pairs = made(11, 1, torch.float32, 6.0), pairs_of(11, 1, 50)
    outputs = network.forward(pairs)[0].T
    plain = plain_logits([block[0] for block in network.blocks], pairs[0])
    assert torch.isfinite(outputs).all()
    assert (outputs - plain).abs().max() <= 1e-4 * plain.abs().max()


def test_a_member_equals_itself_alone_and_others_do_not_touch_it():
    together, alone, pairs = made(11, 3, torch.float64), made(11, 2, torch.float64), pairs_of(11, 3, 20)
    torch.testing.assert_close(together.forward(pairs)[:2], alone.forward(pairs[:2]))
    torch.testing.assert_close(together.predict(1, pairs[1]), alone.forward(pairs[:2])[1])
    before = together.forward(pairs).clone()
    together.blocks[0][2].add_(1.0)
    after = together.forward(pairs)
    assert torch.equal(before[:2], after[:2])
    assert not torch.allclose(before[2], after[2])
    together.keep([1])
    torch.testing.assert_close(together.forward(pairs[1:2]), before[1:2])


def test_backward_keeps_a_multiple_of_what_was_there():
    network, pairs = made(7, 1, torch.float64), pairs_of(7, 1, 10)
    delta = torch.ones_like(network.forward(pairs))
    network.backward(delta)
    once = network.gradient.clone()
    network.forward(pairs)
    network.backward(delta, keep=0.5)
    torch.testing.assert_close(network.gradient, 1.5 * once)
