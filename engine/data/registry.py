"""Which data sets there are, and how many images each has; `load` draws a training and a test set from one.

Imported data sets of classes (`engine.data.own`) are taken like built-in ones. Their bytes are divided by 255, other images are as
they were given, and rows of numbers are to be scaled column by column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.data import digits, mnist1d, own
from engine.data.own.entry import FEWEST_TESTS
from engine.data.own.folder import present
from engine.data.split import Images, Labels, Split
from engine.errors import ProblemError, UsageError, echoed, nearest
from engine.seeds import Streams
from engine.telling import tell

MOST_TESTS = 4000
MADE_TESTS = 2000  # of data made to order, where each costs time


@dataclass(frozen=True)
class Source:
    """A data set: `draw(count, rng)` returns images (count, d), labels (count,) and a note; size: None when made to order.

    imported: what is known of an imported one.
    """

    draw: Callable[[int, np.random.Generator], tuple[Images, Labels, str]]
    classes: int
    shape: tuple[int, ...]
    size: int | None = None
    imported: own.Entry | None = None

    @property
    def by_column(self) -> bool:
        """Whether every column is scaled by itself."""
        return self.imported is not None and not self.imported.image

    @property
    def names(self) -> tuple[str, ...]:
        """What an imported one calls its classes."""
        return self.imported.classes if self.imported else ()


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


def _imported(entry: own.Entry) -> Source:
    what = "images" if entry.image else "rows, every column scaled by itself"
    again = f"; {entry.repeated:,} of them have the inputs of another" if entry.repeated else ""
    said = f"{entry.name} holds {entry.rows:,} {what}{again}; SHA-256 {entry.sha256[:12]}..."

    def draw(count: int, rng: np.random.Generator) -> tuple[Images, Labels, str]:
        data = own.load(entry.name, entry.sha256)
        assert data.inputs is not None  # of classes
        chosen = rng.permutation(data.rows)[:count]
        x = data.inputs[chosen].astype(np.float32)
        return x / np.float32(255) if entry.whole_bytes and entry.image else x, data.y[chosen], said

    return Source(draw, len(entry.classes), entry.shape, entry.rows, entry)


def source(name: str, sha256: str = "") -> Source:
    """Return a data set by name; of an imported one perhaps with this content and no other.

    Raises:
        UsageError: names the nearest and lists the valid ones.
        DataError: the content of an imported one is gone.
    """
    if name in SOURCES:
        return SOURCES[name]
    if sha256 or name in own_names():
        return _imported(present(name, sha256))
    known = (*SOURCES, *own_names())
    raise UsageError(f"no data set {echoed(name)!r}{nearest(name, known)}", "data sets: " + ", ".join(known))


def imported(name: str) -> own.Entry | None:
    """Return the entry of an imported data set; None of a built-in one."""
    return source(name).imported


def own_names() -> list[str]:
    """Return the names of the imported data sets of classes."""
    return [entry.name for entry in own.entries() if isinstance(entry, own.Entry) and entry.kind == "classes"]


def largest(name: str) -> int | None:
    """Return how many training images leave enough for testing, or None where there is no end."""
    chosen = source(name)
    if chosen.imported is not None:
        return chosen.imported.trainable
    return None if chosen.size is None else chosen.size - FEWEST_TESTS


def too_many(name: str, n: int, least: int) -> str:
    """Return why n training images of a data set cannot be had, empty where they can. least: the fewest that may be asked for."""
    found, most = source(name), largest(name)
    if most is None or n <= most:
        return ""
    if most < least:
        return f"{name} has {found.size:,} rows, of which {most} may be trained on, where at least {least} are needed"
    what = "rows" if found.by_column else "images"
    return f"n must be at most {most} on {name}, which has to leave {what} for testing, got {n}"


def test_count(name: str, n: int) -> int:
    """Return how many test images go with n training images: what is left, up to `MOST_TESTS`."""
    size = source(name).size
    return MADE_TESTS if size is None else min(MOST_TESTS, size - n)


def load(name: str, n: int, n_test: int, streams: Streams, sha256: str = "") -> Split:
    """Draw n training and n_test test images without overlap, from the stream `data`; labels are true.

    sha256: the content of an imported data set; empty: whatever it is now.

    Raises:
        UsageError: unknown data set.
        ProblemError: more images asked for than there are.
        DataError: the data set is not here, or has another content.
    """
    chosen = source(name, sha256)
    if chosen.size is not None and n + n_test > chosen.size:
        raise ProblemError(f"{name} has {chosen.size} images, got n={n} for training and {n_test} for testing", "lower n")
    tell(f"drawing {n + n_test:,} images of {name}")
    x, y, note = chosen.draw(n + n_test, streams.data)
    return Split(x[:n], y[:n], x[n:], y[n:], chosen.classes, chosen.shape, (note,) if note else (), chosen.by_column, chosen.names)
