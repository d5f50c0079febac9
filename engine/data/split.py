"""What every data set delivers: images and labels for training and testing, flattened, with their classes and shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """A classification problem.

    x: (n, d) float32; y: (n,) in 0..classes-1; x_test: (n_test, d); y_test: (n_test,); shape: of one image, its product
    is d; notes: sentences that a person should read, such as a cache that could not be written; by_column: whether inputs are rows
    of numbers of different kinds, each column to be scaled by itself, and no images or signals; names: of the classes, where they
    have any.
    """

    x: Images
    y: Labels
    x_test: Images
    y_test: Labels
    classes: int
    shape: tuple[int, ...]
    notes: tuple[str, ...] = ()
    by_column: bool = False
    names: tuple[str, ...] = ()

    def called(self, label: int) -> str:
        """What a class is called."""
        return self.names[label] if self.names else str(label)

    @property
    def chance_error(self) -> float:
        """Error of guessing: 1 - 1/K."""
        return 1.0 - 1.0 / self.classes

    def standardised(self) -> Split:
        """Return the split with mean and deviation of the training inputs mapped to 0 and 1: one of all entries, or each column's."""
        if self.by_column:
            means, deviations = column_moments(self.x)
            return replace(self, x=_scale(self.x, means, deviations), x_test=_scale(self.x_test, means, deviations))
        mean, deviation = moments(self.x)
        return replace(self, x=_scale(self.x, mean, deviation), x_test=_scale(self.x_test, mean, deviation))


def moments(x: NDArray[Any]) -> tuple[float, float]:
    """Return the global mean and deviation of all entries, in float64; a constant image set gets deviation 1."""
    return float(x.mean(dtype=np.float64)), float(x.std(dtype=np.float64)) or 1.0


def column_moments(x: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation of every column (d,), in float64; a constant column gets deviation 1."""
    means, deviations = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    return means, np.where(deviations > 0, deviations, 1.0)


def _scale(x: Images, mean: float | NDArray[np.float64], deviation: float | NDArray[np.float64]) -> Images:
    return (x - np.float32(mean)) / np.float32(deviation)
