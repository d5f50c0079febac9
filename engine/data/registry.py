"""Which data sets there are, and how many images each has; `load` draws a training and a test set from one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.data import digits, mnist1d
from engine.data.split import Images, Labels, Split
from engine.errors import ProblemError, UsageError, echoed, nearest
from engine.seeds import Streams
from engine.telling import tell

FEWEST_TESTS, MOST_TESTS = 500, 4000
MADE_TESTS = 2000  # of data made to order, where each costs time


@dataclass(frozen=True)
class Source:
    """A data set: `draw(count, rng)` returns images (count, d), labels (count,) and a note; size: None when made to order."""

    draw: Callable[[int, np.random.Generator], tuple[Images, Labels, str]]
    classes: int
    shape: tuple[int, ...]
    size: int | None = None


def _shuffled(read: Callable[[], tuple[Images, Labels, str]]) -> Callable[[int, np.random.Generator], tuple[Images, Labels, str]]:
    def draw(count: int, rng: np.random.Generator) -> tuple[Images, Labels, str]:
        pixels, labels, note = read()
        chosen = rng.permutation(len(labels))[:count]
        return pixels[chosen], labels[chosen], note

    return draw


def _signals(count: int, rng: np.random.Generator) -> tuple[Images, Labels, str]:
    return (*mnist1d.signals(count, rng), "")


SOURCES = {
    "digits5k": Source(_shuffled(digits.digits), digits.CLASSES, (28, 28), digits.COUNT),
    "digits196": Source(_shuffled(digits.pooled), digits.CLASSES, (14, 14), digits.COUNT),
    "mnist1d": Source(_signals, mnist1d.CLASSES, (mnist1d.LENGTH,)),
}


def source(name: str) -> Source:
    """Return a data set by name.

    Raises:
        UsageError: names the nearest and lists the valid ones.
    """
    if name not in SOURCES:
        raise UsageError(f"no data set {echoed(name)!r}{nearest(name, SOURCES)}", "data sets: " + ", ".join(SOURCES))
    return SOURCES[name]


def largest(name: str) -> int | None:
    """Return how many training images leave enough for testing, or None where there is no end."""
    size = source(name).size
    return None if size is None else size - FEWEST_TESTS


def test_count(name: str, n: int) -> int:
    """Return how many test images go with n training images: what is left, up to `MOST_TESTS`."""
    size = source(name).size
    return MADE_TESTS if size is None else min(MOST_TESTS, size - n)


def load(name: str, n: int, n_test: int, streams: Streams) -> Split:
    """Draw n training and n_test test images without overlap, from the stream `data`; labels are true.

    Raises:
        UsageError: unknown data set.
        ProblemError: more images asked for than there are.
        DataError: the data set is not here.
    """
    chosen = source(name)
    if chosen.size is not None and n + n_test > chosen.size:
        raise ProblemError(f"{name} has {chosen.size} images, got n={n} for training and {n_test} for testing", "lower n")
    tell(f"drawing {n + n_test:,} images of {name}")
    x, y, note = chosen.draw(n + n_test, streams.data)
    return Split(x[:n], y[:n], x[n:], y[n:], chosen.classes, chosen.shape, (note,) if note else ())
