"""Restricted and excluded loss with the key frequencies of the final model: against projections written out, resumed, and bounded."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.hindsight import MEMORY
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from tests.phenomena.driven import work
from tests.phenomena.grokking.small_runs import GROMOV, TRANSFORMER, make, of_preset, resumed

pytestmark = pytest.mark.usefixtures("one_thread")


def outputs_of(arrays, p):
    pairs = arrays["pairs"]
    if "U" in arrays:
        u, w, v = (arrays[name].astype(np.float64) for name in ("U", "W", "V"))
        return (u[pairs[:, 0]] + w[pairs[:, 1]]) ** 2 @ v
    tables = [torch.from_numpy(arrays[name]).double() for name in NandaTransformer.TABLES]
    return plain_logits(tables, torch.from_numpy(pairs)).numpy()[:, :p]


def key_frequencies(arrays):
    """Written out: the fewest frequencies that hold 80 % of the embedding's power."""
    tables = np.concatenate([arrays[name] for name in ("U", "W")], axis=1) if "U" in arrays else arrays["E"][:-1]
    power = (np.abs(np.fft.fft(tables.astype(np.float64), axis=0)) ** 2).sum(1)[1 : len(tables) // 2 + 1]
    chosen = []
    while power[[f - 1 for f in chosen]].sum() < 0.8 * power.sum():
        chosen.append(max((f for f in range(1, len(power) + 1) if f not in chosen), key=lambda f: power[f - 1]))
    return chosen


def written_out(arrays, keys, p, loss):
    """Restricted and excluded loss by explicit projections on the p^2 inputs."""
    outputs, total = outputs_of(arrays, p), arrays["pairs"].sum(1)
    waves = np.zeros_like(outputs)
    for f in keys:
        for wave in (np.cos, np.sin):
            direction = wave(2 * np.pi * f * total / p)
            direction /= np.linalg.norm(direction)
            waves += np.outer(direction, direction @ outputs)
    restricted = waves + (outputs - waves).mean(0)
    train, labels = arrays["train"], arrays["labels"]
    return loss(restricted, labels), loss((outputs - waves)[train], labels[train])


def squared(outputs, labels):
    return ((outputs - np.eye(outputs.shape[1])[labels]) ** 2).sum(1).mean()


def cross_entropy(outputs, labels):
    return torch.nn.functional.cross_entropy(torch.from_numpy(outputs), torch.from_numpy(labels)).item()


def curve(run, name):
    return next(item for item in run.series() if item.name == f"circuit/{name}")


@pytest.mark.parametrize(("knobs", "loss"), [(GROMOV, squared), (TRANSFORMER, cross_entropy)], ids=["gromov", "transformer"])
def test_the_past_is_seen_with_the_final_models_key_frequencies(knobs, loss):
    p, whole = knobs["p"], work(make(**knobs))
    keys = key_frequencies(whole.arrays())
    assert sorted(keys) == sorted(whole.hindsight.keys[0].tolist())
    for step in (int(curve(whole, "restricted").x[0]), 40, knobs["steps"]):  # the first that a logarithmic axis has
        past = work(make(**knobs), until=step)
        expected = written_out(past.arrays(), keys, p, loss)
        for name, value in zip(("restricted", "excluded"), expected, strict=True):
            found = curve(whole, name)
            assert found.y[found.x.tolist().index(step)] == pytest.approx(value, rel=1e-4)
            assert found.label == name
            if step < knobs["steps"]:
                assert curve(past, name).label.endswith("current keys")
                assert "key frequencies of the final model" not in " ".join(past.notes)
    whole.markers()
    assert f"{len(keys)} key frequencies of the final model: " + ", ".join(map(str, sorted(keys))) in whole.notes


@pytest.mark.parametrize("knobs", [GROMOV, TRANSFORMER], ids=["gromov", "transformer"])
@pytest.mark.parametrize("looked", [None, 3])
def test_a_run_resumed_late_has_the_same_past(knobs, looked):
    seeds = (0, 1)
    whole, first = work(make(seeds, **knobs)), make(seeds, **knobs)
    last = whole.history.steps[-2]
    work(first, until=last)
    while looked and len(first.hindsight.steps) < looked:
        first.advance(1e-9)
    again, ended = work(resumed(first, make(seeds, **knobs))), resumed(whole, make(seeds, **knobs))
    for other in (again, ended):
        theirs_by_name = {item.name: item for item in whole.series()}
        assert [item.row() for item in other.verdicts()] == [item.row() for item in whole.verdicts()]
        for mine in other.series():
            theirs = theirs_by_name[mine.name]
            assert mine.label == theirs.label
            assert np.array_equal(mine.x, theirs.x)
            assert np.array_equal(mine.y, theirs.y)


def test_operations_without_waves_of_a_plus_b_keep_no_weights():
    run = work(make(**{**GROMOV, "op": "mul", "steps": 100}))
    assert not any(name.startswith("hindsight-kept") for name in run.state().arrays)
    assert not any(item.name == "circuit/restricted" for item in run.series())


def test_the_published_run_keeps_its_weights_in_bounded_memory():
    run = of_preset("nanda", (0, 1, 2))
    kept = [step for step in range(40_001) if run.hindsight.wants(step)]
    size = 226_816 * 4 * 3
    assert len(kept) * size <= MEMORY
    assert len(kept) * 1.5 * size > MEMORY  # and no more thinly than needed
    assert {0, 40_000} <= set(kept)


def test_a_final_model_that_is_not_finite_is_no_reason_to_fail_otherwise():
    run = work(make(**GROMOV), until=100)
    while run.step < 119:
        run.advance(1e-6)
        if run.due():
            run.history.append(run.step, run.measure())
    run.ensembles.groups[0].network.flat.fill_(float("inf"))
    with pytest.raises(Exception, match="no longer a finite number at step 120"):
        work(run)
