"""Deep double descent: eight networks on MNIST-1D in one ensemble against one of them alone, at the size of the sweep."""

from __future__ import annotations

from collections.abc import Sequence

from lab.bench.ensembles import ensemble_against_one
from lab.bench.entry import Entry, Row


def measure_eight(repeats: int) -> Sequence[Row]:
    """Time a step of eight MLPs of width 100, 40 inputs, batches of 100, over a step of one."""
    pairs = ensemble_against_one(100, repeats)
    return (
        Row("8 networks against one, d=40, width 100, batch 100", "x", tuple(eight / one for eight, one in pairs), 3.0, "lower"),
        Row("a step of 8 networks", "ms", tuple(1e3 * eight for eight, _ in pairs)),
    )


ENTRIES = (Entry("eight-networks", "eight MLPs on MNIST-1D as one ensemble", measure_eight),)
