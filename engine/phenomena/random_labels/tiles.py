"""Arranges examples as small pictures: which ones are fitted, class by class, and images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_FITTED, FITTED, NOTHING = 0, 1, -1  # nothing is drawn where a class has no more examples
LEGEND = ("not yet fitted", "fitted")


def memorisation_map(fitted: NDArray[Any], labels: NDArray[Any], classes: int) -> NDArray[np.int8]:
    """Return a cell per example, every class in rows of its own: fitted, not fitted, or nothing (the end of a class).

    fitted, labels: (n,). The picture is about twice as wide as it is high.
    """
    counts = np.bincount(labels, minlength=classes)
    columns = int(np.ceil(np.sqrt(2.0 * counts.max() * classes)))
    rows = -(-int(counts.max()) // columns)
    cells = np.full((classes, rows * columns), NOTHING, dtype=np.int8)
    for label in range(classes):
        mine = np.flatnonzero(labels == label)
        cells[label, : len(mine)] = np.where(fitted[mine], FITTED, NOT_FITTED)
    return cells.reshape(classes * rows, columns)


def side_by_side(images: Sequence[NDArray[Any]], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return images (d,) of this shape next to each other with a dark column between; signals one under the other."""
    arrays = [np.asarray(image, dtype=np.float64).reshape(shape) for image in images]
    if len(shape) == 1:
        return np.stack(arrays)
    gap = np.full((shape[0], 1), min(array.min() for array in arrays))
    parts = [part for array in arrays for part in (array, gap)]
    return np.concatenate(parts[:-1], axis=1)
