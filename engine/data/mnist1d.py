"""MNIST-1D: ten one-dimensional digit templates, padded, sheared, shifted, noised and sampled at 40 points.

Greydanus, Kobak 2024, arXiv:2011.14439, made by their package `mnist1d`. Only `make_dataset` is called, which computes;
`get_dataset` would download.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from engine.data.split import Images, Labels
from engine.errors import DataError
from engine.interruption import Checkpoints
from engine.seeds import MOST_SEEDS

LENGTH, CLASSES = 40, 10


def signals(count: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    """Return `count` fresh signals (count, 40), mean 0 and deviation 1 over all, and their labels, shuffled.

    Classes are balanced to within one. A thousand signals take about a quarter of a second, those that were asked for lately none.

    Raises:
        DataError: the package mnist1d cannot be imported.
    """
    x, y = _made(count, int(rng.integers(2**31)))
    return x.copy(), y.copy()


@lru_cache(maxsize=MOST_SEEDS)  # the runs of a sweep have the same seeds
def _made(count: int, seed: int) -> tuple[Images, Labels]:
    try:
        from mnist1d.data import get_dataset_args, get_templates, make_dataset
    except ImportError as error:
        raise DataError(f"the data set mnist1d needs the package mnist1d: {error}", "pip install mnist1d requests") from None
    args = get_dataset_args()
    args.num_samples, args.seed = -(-count // CLASSES) * CLASSES, seed
    with _global_streams_kept():
        made = make_dataset(args, Checkpoints(get_templates()))  # it looks there for every signal
    x, y = (np.concatenate([made[name], made[f"{name}_test"]])[:count] for name in ("x", "y"))
    return x.astype(np.float32), y.astype(np.int64)


@contextmanager
def _global_streams_kept() -> Iterator[None]:
    """The package reseeds the process-wide generators; give them back as they were."""
    ours, theirs = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(theirs)  # noqa: NPY002
