"""Bench of grokking: the quick setting's time and delay ratio, and the transformer's table look-ups against the plain form."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

import genlab
from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.ensembles import Ensembles
from engine.phenomena.grokking.full_batch import FullBatch
from engine.phenomena.grokking.interventions import Interventions
from engine.phenomena.grokking.milestones import GROKKED, MEMORISED
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from engine.phenomena.grokking.settings import networks_of, settings_of
from engine.training.optimizers import AdamW
from lab.bench.entry import Entry, Row, alternate

SECONDS, RATIO, TIMES_FASTER = 5.0, 10.0, 4.0
P, SHOWN, NEURONS, STEPS = 113, 3830, 512, 5  # the published setting, and steps a reading


def measure_grokking(repeats: int) -> list[Row]:
    """Return seconds until Gromov's network with decay has grokked mod 59, its delay ratio, and seconds of the whole quick preset."""
    seconds, ratios, whole = [], [], []
    for _ in range(repeats):
        elapsed, ratio = _until_grokked()
        seconds.append(elapsed)
        ratios.append(ratio)
        start = perf_counter()
        genlab.run("grokking", device="cpu")
        whole.append(perf_counter() - start)
    return [
        Row("Gromov's network, p=59, fraction .3, decay 1: until grokked", "s", tuple(seconds), SECONDS, "lower"),
        Row("steps until grokked over steps until memorised", "x", tuple(ratios), RATIO),
        Row("quick preset with its controls, 1200 steps", "s", tuple(whole), 15.0, "lower"),
    ]


def _until_grokked() -> tuple[float, float]:
    """Train the main setting alone; return seconds and the delay ratio."""
    config, start, memorised = GrokkingConfig(), perf_counter(), 0
    alone = Ensembles(networks_of(settings_of(config)[:1], (0,)), config, 0, "cpu")
    for step in range(config.every, config.steps + 1, config.every):
        alone.train(step, float("inf"))
        alone.measure()
        scores = alone.record()
        memorised = memorised or (step if 100 * scores["train-accuracy"][0] >= MEMORISED else 0)
        if 100 * scores["test-accuracy"][0] >= GROKKED:
            return perf_counter() - start, step / memorised
    return float("inf"), 0.0


def measure_transformer(repeats: int) -> list[Row]:
    """Return how many times faster a full-batch step is by table look-ups than in the plain form, and both in milliseconds."""
    pairs = alternate(_timed(_factorised()), _timed(_plain()), repeats)
    setting = f"p={P}, {SHOWN:,} pairs"
    return [
        Row(f"transformer step, plain form against look-ups, {setting}", "x", tuple(plain / ours for ours, plain in pairs), TIMES_FASTER),
        Row(f"look-ups, one step, {setting}", "ms", tuple(1e3 * ours for ours, _ in pairs)),
        Row(f"plain form, one step, {setting}", "ms", tuple(1e3 * plain for _, plain in pairs)),
    ]


def _timed(step: Callable[[], object]) -> Callable[[], float]:
    def reading() -> float:
        start = perf_counter()
        for _ in repeat(None, STEPS):
            step()
        return (perf_counter() - start) / STEPS

    step()
    return reading


def _data() -> tuple[Tensor, Tensor]:
    """Return pairs (b, 2) and labels (b,)."""
    grid = torch.cartesian_prod(torch.arange(P), torch.arange(P))[torch.randperm(P * P)[:SHOWN]]
    return grid, grid.sum(1) % P


def _factorised() -> Callable[[], object]:
    network, (pairs, labels) = _transformer(), _data()
    targets = torch.nn.functional.one_hot(labels, P + 1).T[None].float()
    optimizer = AdamW(network, 1e-3, 1.0, (0.9, 0.98))
    return FullBatch(optimizer, pairs[None], targets, ["cross-entropy"], Interventions(network, ["none"])).step


def _transformer() -> NandaTransformer:
    network = NandaTransformer(P, NEURONS, 1)
    network.load(0, network.draw(np.random.default_rng(0)))
    return network


def _plain() -> Callable[[], object]:
    tables = [torch.nn.Parameter(block[0].clone()) for block in _transformer().blocks]
    optimizer, (pairs, labels) = torch.optim.AdamW(tables, 1e-3, (0.9, 0.98), weight_decay=1.0), _data()

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(plain_logits(tables, pairs).double(), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


ENTRIES = (
    Entry("grokking", "Gromov's network until it has grokked, its delay ratio, and the quick preset", measure_grokking, 3),
    Entry("transformer", "the transformer's step by table look-ups against the plain form", measure_transformer),
)
