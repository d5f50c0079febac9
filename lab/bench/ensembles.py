"""Training in an ensemble against training one network after another, and the engine's step against a plain PyTorch loop.

Every reading is seconds per step; both sides train on all cores with batches of 100 from 1,000 examples in ten classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from time import perf_counter

import psutil
import torch
from torch.utils.data import DataLoader, TensorDataset

from engine.phenomena.random_labels.classifiers import cache_sized
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.mlp import MLP
from engine.training.optimizers import SGD
from lab.bench.entry import Entry, Row, alternate

N, CLASSES, BATCH, SEEDS = 1000, 10, 100, 8
LR, MOMENTUM = 0.05, 0.9
SIGNALS, DIGITS = 40, 784  # inputs of mnist1d and of digits5k
READING = 2e10  # floating-point operations of one reading, a few tenths of a second

Pairs = list[tuple[float, float]]


def ensemble_against_one(width: int, repeats: int, inputs: int = SIGNALS) -> Pairs:
    """Return seconds per step of (8 seeds in one ensemble, one seed alone)."""
    steps = _steps(width, inputs)
    together, alone = _groups(range(SEEDS), width, inputs), _groups([0], width, inputs)
    with _all_cores():
        return alternate(lambda: _timed([together], steps), lambda: _timed([alone], steps), repeats)


def ensemble_against_sequence(width: int, repeats: int, inputs: int = SIGNALS) -> Pairs:
    """Return seconds per step of (8 seeds in one ensemble, 8 runs of one seed in sequence)."""
    steps = _steps(width, inputs)
    together, alone = _groups(range(SEEDS), width, inputs), [_groups([seed], width, inputs) for seed in range(SEEDS)]
    with _all_cores():
        return alternate(lambda: _timed([together], steps), lambda: _timed(alone, steps), repeats)


def engine_against_loader(repeats: int, width: int = 128, inputs: int = DIGITS) -> Pairs:
    """Return seconds per step of (the engine with one member, a DataLoader with an nn.Module and torch.optim.SGD)."""
    steps = _steps(width, inputs)
    engine, plain = _groups([0], width, inputs), _plain_loop(width, inputs)
    with _all_cores():
        return alternate(lambda: _timed([engine], steps), lambda: plain(steps), repeats)


def _groups(seeds: Sequence[int], width: int, inputs: int) -> list[Ensemble]:
    """Return ensembles of one member per seed, dealt into groups as a run deals them."""
    sizes = (inputs, width, CLASSES)

    def build(members: tuple[int, ...]) -> Ensemble:
        network = MLP(sizes, len(members), torch.float32)
        for place, seed in enumerate(members):
            network.load(place, linear_layers(sizes, streams(seed).init))
        x, labels = zip(*(_examples(seed, inputs) for seed in members), strict=True)
        places = torch.arange(len(members)).numpy()
        targets = torch.nn.functional.one_hot(torch.stack(labels), CLASSES).float()
        data = TrainingSet(torch.stack(x), targets, places, places)
        orders = [streams(seed).order for seed in members]
        return Ensemble(SGD(network, LR, momentum=MOMENTUM), data, Batches(orders, N, BATCH))

    parameters = MLP(sizes, 1, torch.float32).layout.parameters
    return [build(members) for members in cache_sized(tuple(seeds), parameters, "cpu")]


def _examples(seed: int, inputs: int) -> tuple[object, object]:
    """Return inputs (n, d) and labels (n,); what the pixels show does not change the time of a step."""
    rng = streams(seed).data
    return torch.from_numpy(rng.standard_normal((N, inputs), dtype="float32")), torch.from_numpy(rng.integers(0, CLASSES, N))


def _timed(runs: Sequence[Sequence[Ensemble]], steps: int) -> float:
    """Train each run for this many steps, one after another; return seconds per step of all of them."""
    start = perf_counter()
    for ensemble in chain.from_iterable(runs):
        loss = ensemble.network.flat.new_empty(len(ensemble.active))
        for _ in repeat(None, steps):
            ensemble.step(loss)
    return (perf_counter() - start) / steps


def _plain_loop(width: int, inputs: int) -> Callable[[int], float]:
    """Return the usual way to write the same work."""
    loader = DataLoader(TensorDataset(*_examples(0, inputs)), batch_size=BATCH, shuffle=True)  # type: ignore[arg-type]
    model = torch.nn.Sequential(torch.nn.Linear(inputs, width), torch.nn.ReLU(), torch.nn.Linear(width, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), LR, momentum=MOMENTUM)

    def train(steps: int) -> float:
        start, taken = perf_counter(), 0
        while taken < steps:
            for x, labels in loader:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x), labels).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                taken += 1
        return (perf_counter() - start) / taken

    return train


def _steps(width: int, inputs: int) -> int:
    """Return how many steps a reading takes: whole epochs, about as much work at every width."""
    epoch = N // BATCH
    work = 6 * BATCH * width * (inputs + CLASSES) * SEEDS
    return epoch * max(1, min(20, round(READING / work / epoch)))


@contextmanager
def _all_cores() -> Iterator[None]:
    """Nothing is drawn meanwhile, so no core is left to an interface."""
    before = torch.get_num_threads()
    torch.set_num_threads(_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _cores() -> int:
    return psutil.cpu_count(logical=False) or 1


def _ratios(pairs: Pairs) -> tuple[float, ...]:
    return tuple(first / second for first, second in pairs)


def measure_ensemble(repeats: int) -> list[Row]:
    """Return how much 8 seeds cost, in runs of one seed."""
    rows = []
    for width, goal in ((32, 3.0), (512, None)):
        for name, inputs in (("mnist1d", SIGNALS), ("digits5k", DIGITS)):
            label = f"8 seeds in one ensemble against one seed, width {width}, {name}"
            rows.append(Row(label, "x", _ratios(ensemble_against_one(width, repeats, inputs)), goal, "lower"))
            label = f"8 seeds in one ensemble against 8 runs in sequence, width {width}, {name}"
            rows.append(Row(label, "x", _ratios(ensemble_against_sequence(width, repeats, inputs)), 1.0, "lower"))
    return rows


def measure_loader(repeats: int) -> list[Row]:
    """Return how much faster the engine's step is than the plain loop's."""
    pairs = engine_against_loader(repeats)
    rows = [Row("plain loop against engine, width 128, digits5k", "x", tuple(plain / ours for ours, plain in pairs), 2.0, "higher")]
    rows.append(Row("engine, one step", "ms", tuple(1e3 * ours for ours, _ in pairs)))
    rows.append(Row("DataLoader and nn.Module, one step", "ms", tuple(1e3 * plain for _, plain in pairs)))
    return rows


ENTRIES = (
    Entry("ensemble", "8 seeds in one ensemble against one seed and against 8 runs in sequence", measure_ensemble),
    Entry("loader", "the engine's training step against a plain DataLoader and nn.Module loop", measure_loader),
)
