"""Whether a network trained on random labels knows anything of the true classes: a permutation test over the names of the classes.

Labels drawn uniformly have the law of the same labels with the classes renamed, and so have first weights and training.
Hence what the network calls its classes is as likely as any renaming of them, and over all renamings its hits on clean test
labels average exactly n_test/K (Fisher 1935: the test is exact, however the network groups the images).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
RENAMINGS = 9999  # random renamings that the hits are compared with


def renamed_hits(table: Counts, renamings: Counts) -> Counts:
    """Return the hits that a network would have if its classes were renamed.

    Args:
        table: how many test images of each true class (column) it puts into each class (row), (K, K).
        renamings: what each of its classes is called instead, (m, K).

    Returns:
        Hits (m,).
    """
    return np.asarray(table[np.arange(len(table)), renamings].sum(axis=1))


def rank_of_hits(tables: Sequence[Counts], renamings: Sequence[Counts]) -> float:
    """Return how rare the hits of some networks together are among those after renaming, both tails, at most 1.

    If nothing was learnt about the true classes, it is below any p with probability at most p. Hits are compared as whole numbers.

    Args:
        tables: of each network, (K, K).
        renamings: as many random ones for each network, (m, K).
    """
    classes, images = len(tables[0]), sum(int(table.sum()) for table in tables)
    hits = sum(int(table.trace()) for table in tables)
    others = np.sum([renamed_hits(table, each) for table, each in zip(tables, renamings, strict=True)], axis=0)
    away = np.abs(classes * others - images)  # K times the distance from n_test/K
    return (1 + int(np.count_nonzero(away >= abs(classes * hits - images)))) / (1 + len(others))
