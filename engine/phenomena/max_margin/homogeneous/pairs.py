"""Two classes of images for the two-layer networks: the digits 4 and 9, or whatever the classes 4 and 9 of a data set are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.registry import load, source, test_count
from engine.data.split import Images, Labels
from engine.errors import ProblemError
from engine.seeds import Streams
from engine.theory.inputs import Floats

PAIR = (9, 4)  # labels -1 and +1
TESTS = 500  # at most


@dataclass(frozen=True)
class Pair:
    """X: (n, d) of mean square norm 1; y: (n,) of -1 and +1; X_test, y_test: scaled alike; shape: of one image; note: perhaps empty."""

    X: Floats
    y: Floats
    X_test: Floats
    y_test: Floats
    shape: tuple[int, ...]
    note: str = ""


def draw_pair(images: str, n: int, streams: Streams) -> Pair:
    """Draw n training images of the two classes, and up to 500 others for testing.

    Raises:
        ProblemError: too few of the two classes, or of one of them none.
        DataError: the data set is not here.
    """
    data = source(images)
    if data.draw_tests is None:
        assert data.size is not None  # of the data sets that are taken
        x, labels, note = data.draw(data.size, streams.data)
        kept = np.flatnonzero(np.isin(labels, PAIR))
        chosen, others = kept[:n], kept[n : n + TESTS]
        parts = [(x[chosen], labels[chosen]), (x[others], labels[others])]
    else:
        split = load(images, data.size or n, test_count(images, n), streams)
        note = " ".join(split.notes)
        parts = [_of_pair(split.x, split.y, n), _of_pair(split.x_test, split.y_test, TESTS)]
    (X, y), (X_test, y_test) = ((part.astype(np.float64), np.where(own == PAIR[1], 1.0, -1.0)) for part, own in parts)
    if len(X) < n:
        raise ProblemError(f"{images} has {len(X):,} images of the classes {PAIR[1]} and {PAIR[0]}, got examples={n:,}", "lower examples")
    if abs(y.sum()) == n:
        raise ProblemError(f"all {n} training images drawn of {images} are of one class, and a margin lies between two", "raise examples")
    scale = float(np.sqrt(np.mean(np.sum(X**2, axis=1)))) or 1.0
    return Pair(X / scale, y, X_test / scale, y_test, data.shape, note)


def _of_pair(x: Images, y: Labels, most: int) -> tuple[Images, Labels]:
    kept = np.flatnonzero(np.isin(y, PAIR))[:most]
    return x[kept], y[kept]
