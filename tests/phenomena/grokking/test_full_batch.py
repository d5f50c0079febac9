"""Full-batch training against torch.optim.AdamW, and the recorded step of a GPU."""

import pytest
import torch

from engine.phenomena.grokking.full_batch import FullBatch, recorded
from engine.phenomena.grokking.interventions import Interventions
from engine.training.optimizers import AdamW
from tests.phenomena.grokking.small_networks import examples, gromov


def test_training_equals_torch_adamw_with_warm_up_and_goes_on_when_a_member_leaves():
    net, (pairs, targets) = gromov(), examples()
    trainer = FullBatch(
        AdamW(net, 0.01, [1.0, 0.0, 0.5], (0.9, 0.98)), pairs, targets, ["squared"] * 3, Interventions(net, ["none"] * 3), 3
    )
    leaves = [block[2].clone().requires_grad_() for block in net.blocks]
    plain = torch.optim.AdamW(leaves, 0.01, (0.9, 0.98), weight_decay=0.5)
    schedule = torch.optim.lr_scheduler.LambdaLR(plain, lambda step: min(step / 3, 1))
    for step in range(8):
        u, w, v = leaves
        plain.zero_grad()
        outputs = ((u[pairs[2, :, 0]] + w[pairs[2, :, 1]]) ** 2) @ v
        (outputs.T - targets[2]).square().sum(0).mean().backward()
        plain.step()
        schedule.step()
        trainer.step()
        if step == 4:
            trainer.retire([0])
    torch.testing.assert_close(trainer.weights()[2], torch.cat([leaf.detach().flatten() for leaf in leaves]))
    assert trainer.active == [1, 2]


def test_on_a_cpu_work_is_done_as_it_is():
    done = []
    work, sentence = recorded(lambda: done.append(1), "cpu")
    work()
    assert (done, sentence) == ([1], "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine on which no graph can be recorded")
def test_where_no_graph_can_be_recorded_one_sentence_says_so():
    done = []
    work, sentence = recorded(lambda: done.append(1), "cuda")
    work()
    assert done == [1]
    assert sentence.startswith("CUDA graphs are not used (")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_recorded_step_trains_like_the_cpu():
    trained = []
    for device in ("cpu", "cuda"):
        net, (pairs, targets) = gromov(device=device), examples()
        data = pairs.to(device), targets.to(device)
        trainer = FullBatch(AdamW(net, 0.01), *data, ["squared"] * 3, Interventions(net, ["none"] * 3))
        for step in range(8):
            trainer.step()
            if step == 4:
                trainer.retire([0])
        assert trainer.sentence == ""
        trained.append(trainer.weights().cpu())
    torch.testing.assert_close(*trained)
