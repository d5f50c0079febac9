"""`genlab data`: which data sets there are, and getting one ready."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.data.cache import cache_folder
from engine.data.registry import SOURCES, source
from lab.output import emit, say, write_table


def print_data_sets(*, json: bool) -> None:
    """Print every data set with its size, the shape of an input, and the number of classes."""
    found = [(name, item.size, "x".join(map(str, item.shape)), item.classes) for name, item in SOURCES.items()]
    if json:
        for name, size, shape, classes in found:
            emit({"event": "dataset", "name": name, "images": size, "shape": shape, "classes": classes})
        return
    lines = [(name, size or "made to order", shape, classes) for name, size, shape, classes in found]
    write_table(("name", "images>", "shape", "classes>"), lines)


def fetch(name: str) -> Path:
    """Get a data set ready, say how, and return the folder that keeps it.

    Raises:
        DataError: unknown, or it cannot be fetched.
    """
    note = source(name).draw(1, np.random.default_rng(0))[2]
    say(note or f"{name} is ready")
    return cache_folder()
