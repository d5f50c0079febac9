"""Which data sets there are, and how many images each has; `load` draws a training and a test set from one.

Published data sets (`engine.data.published`) keep their own test images apart: training images are drawn from the training images alone.
Imported data sets of classes (`engine.data.own`) are taken like built-in ones. Their bytes are divided by 255, other images are as
they were given, and rows of numbers are to be scaled column by column.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.data import digits, mnist1d, own
from engine.data.own.entry import FEWEST_TESTS
from engine.data.own.folder import present
from engine.data.published import PUBLISHED, Published, load_images
from engine.data.published.stored import PublishedImages
from engine.data.split import Images, Labels, Split
from engine.errors import ProblemError, UsageError, echoed, nearest
from engine.seeds import Streams
from engine.telling import tell

Draw = Callable[[int, np.random.Generator], tuple[Images, Labels, str]]

MOST_TESTS = 4000
PIECE = 1024  # images that are made numbers at once
MADE_TESTS = 2000  # of data made to order, where each costs time


@dataclass(frozen=True)
class Source:
    """A data set: `draw(count, rng)` returns images (count, d), labels (count,) and a note; size: None when made to order.

    draw_tests: draws test images alike where they are kept apart, `tests` of them; then `draw` draws training images, of which there are
    `size`. imported, published: what is known of an imported or of a published one.
    """

    draw: Draw
    classes: int
    shape: tuple[int, ...]
    size: int | None = None
    imported: own.Entry | None = None
    published: Published | None = None
    draw_tests: Draw | None = None

    @property
    def tests(self) -> int | None:
        """How many test images are kept apart; None where they are drawn from the same ones."""
        return self.published.tests if self.published else None

    @property
    def shipped(self) -> bool:
        """Whether it comes with genlab."""
        return self.imported is None and self.published is None

    @property
    def by_column(self) -> bool:
        """Whether every column is scaled by itself."""
        return self.imported is not None and not self.imported.image

    @property
    def names(self) -> tuple[str, ...]:
        """What an imported or published one calls its classes."""
        return self.imported.classes if self.imported else self.published.classes if self.published else ()


def _shuffled(read: Callable[[], tuple[Images, Labels, str]]) -> Draw:
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


def _in_unit(pixels: NDArray[np.uint8], chosen: NDArray[np.int64]) -> Images:
    """Return chosen rows of bytes (n, d) over 255; in pieces, so that each is still in the cache when it is divided."""
    x = np.empty((len(chosen), pixels.shape[1]), np.float32)
    for start in range(0, len(chosen), PIECE):
        np.divide(pixels[chosen[start : start + PIECE]], np.float32(255), out=x[start : start + PIECE])
    return x


def _of_published(published: Published) -> Source:
    def drawing(part: Callable[[PublishedImages], tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> Draw:
        def draw(count: int, rng: np.random.Generator) -> tuple[Images, Labels, str]:
            found, note = load_images(published)
            images, labels = part(found)
            chosen = rng.permutation(len(labels))[:count]
            return _in_unit(images.reshape(len(images), -1), chosen), labels[chosen].astype(np.int64), note

        return draw

    return Source(
        drawing(lambda found: (found.train_images, found.train_labels)), len(published.classes), published.shape, published.train,
        published=published, draw_tests=drawing(lambda found: (found.test_images, found.test_labels)),
    )  # fmt: skip


def source(name: str, sha256: str = "") -> Source:
    """Return a data set by name; of an imported one perhaps with this content and no other.

    Raises:
        UsageError: names the nearest and lists the valid ones.
        DataError: the content of an imported one is gone.
    """
    if name in SOURCES:
        return SOURCES[name]
    if name in PUBLISHED:
        return _of_published(PUBLISHED[name])
    if sha256 or name in own_names():
        return _imported(present(name, sha256))
    known = (*SOURCES, *PUBLISHED, *own_names())
    raise UsageError(f"no data set {echoed(name)!r}{nearest(name, known)}", "data sets: " + ", ".join(known))


def imported(name: str) -> own.Entry | None:
    """Return the entry of an imported data set; None of a built-in or published one."""
    return source(name).imported


def own_names() -> list[str]:
    """Return the names of the imported data sets of classes."""
    return [entry.name for entry in own.entries() if isinstance(entry, own.Entry) and entry.kind == "classes"]


def largest(name: str) -> int | None:
    """Return how many training images leave enough for testing, or None where there is no end."""
    chosen = source(name)
    if chosen.imported is not None:
        return chosen.imported.trainable
    if chosen.tests is not None:
        return chosen.size
    return None if chosen.size is None else chosen.size - FEWEST_TESTS


def too_many(name: str, n: int, least: int) -> str:
    """Return why n training images of a data set cannot be had, empty where they can. least: the fewest that may be asked for."""
    found, most = source(name), largest(name)
    if most is None or n <= most:
        return ""
    if most < least:
        return f"{name} has {found.size:,} rows, of which {most} may be trained on, where at least {least} are needed"
    if found.tests is not None:
        return f"n must be at most {most} on {name}, which has so many training images, got {n}"
    what = "rows" if found.by_column else "images"
    return f"n must be at most {most} on {name}, which has to leave {what} for testing, got {n}"


def test_count(name: str, n: int) -> int:
    """Return how many test images go with n training images: those kept apart, or what is left, up to `MOST_TESTS`."""
    found = source(name)
    if found.tests is not None:
        return found.tests
    size = found.size
    return MADE_TESTS if size is None else min(MOST_TESTS, size - n)


def load(name: str, n: int, n_test: int, streams: Streams, sha256: str = "") -> Split:
    """Draw n training and n_test test images without overlap, from the stream `data`; labels are true.

    sha256: the content of an imported data set; empty: whatever it is now.

    Raises:
        UsageError: unknown data set.
        ProblemError: more images asked for than there are, or than fit into memory.
        DataError: the data set is not here, or has another content.
    """
    chosen = source(name, sha256)
    refusal = too_few(name, n, n_test, chosen)
    if refusal:
        raise ProblemError(refusal, "lower n")
    require_room(name, n + n_test, 2, chosen)  # as they are drawn, and standardised
    tell(f"drawing {n + n_test:,} images of {name}")
    if chosen.draw_tests is not None:
        x, y, note = chosen.draw(n, streams.data)
        x_test, y_test, _ = chosen.draw_tests(n_test, streams.data)
    else:
        drawn, labels, note = chosen.draw(n + n_test, streams.data)
        x, x_test, y, y_test = drawn[:n], drawn[n:], labels[:n], labels[n:]
    return Split(x, y, x_test, y_test, chosen.classes, chosen.shape, (note,) if note else (), chosen.by_column, chosen.names)


def too_few(name: str, n: int, n_test: int, of: Source | None = None) -> str:
    """Return why n training and n_test test images cannot be had, empty where they can."""
    found = of or source(name)
    if found.size is None:
        return ""
    if found.tests is not None:
        fits = n <= found.size and n_test <= found.tests
        held = f"{found.size} training and {found.tests} test images"
    else:
        fits, held = n + n_test <= found.size, f"{found.size} images"
    return "" if fits else f"{name} has {held}, got n={n} for training and {n_test} for testing"


def require_room(name: str, images: int, copies: int, of: Source | None = None) -> None:
    """Refuse images that do not fit into memory. copies: how often each is held, in single precision.

    Raises:
        ProblemError: they do not.
    """
    needed = float(images) * copies * 4 * math.prod((of or source(name)).shape)
    free = psutil.virtual_memory().available
    if needed > free:
        sentence = f"{images:,} images of {name} take {needed / 1e9:,.1f} GB as they are trained on, and {free / 1e9:,.1f} GB are free"
        raise ProblemError(sentence, "lower n or the number of seeds")
