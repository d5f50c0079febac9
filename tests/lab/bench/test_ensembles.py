"""The bench of training times what it says: whole epochs of the same networks, in pairs."""

import pytest
import torch

from lab.bench import ensembles


def test_pairs_are_positive_seconds_and_threads_are_given_back(monkeypatch):
    monkeypatch.setattr(ensembles, "_steps", lambda width, inputs: 10)
    monkeypatch.setattr(ensembles, "_cores", lambda: 1)
    before = torch.get_num_threads()
    for pairs in (
        ensembles.ensemble_against_one(16, 2, 12),
        ensembles.ensemble_against_sequence(16, 2, 12),
        ensembles.engine_against_loader(2, 16, 12),
    ):
        assert len(pairs) == 2
        assert all(first > 0 and second > 0 for first, second in pairs)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("width", [32, 512])
@pytest.mark.parametrize("inputs", [ensembles.SIGNALS, ensembles.DIGITS])
def test_readings_are_whole_epochs(width, inputs):
    steps = ensembles._steps(width, inputs)
    assert steps % (ensembles.N // ensembles.BATCH) == 0
    assert steps > 0


def test_eight_seeds_train_eight_networks():
    groups = ensembles._groups(range(8), 512, 784)
    assert sum(len(group.active) for group in groups) == 8
    assert groups[0].network.layout.parameters == 784 * 512 + 512 + 512 * 10 + 10
