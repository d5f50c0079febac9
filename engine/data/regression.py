"""Imported rows as a regression problem with nested features: a random training set, and the other rows for testing.

The first feature is a constant, the intercept. The columns follow in their own or a random order; each is scaled by its mean and deviation
on the training rows (images by those of all pixels), so that the constant and d-1 columns have rank d, and the threshold lies at d = n.
Columns that vary no longer or depend on earlier ones come after the first n independent ones. Real targets are scaled by the training rows
too, so that a mean squared error of 1 is that of their mean on them. Of two classes the first is -1, the second +1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from engine.contract import Condition
from engine.data import own
from engine.data.knobs import data_knob
from engine.data.split import column_moments, moments
from engine.errors import ProblemError
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.column_order import by_independence

NONE = "none"  # the name of no data set: the problem is drawn
MOST_TESTS = 2000
MOST_NUMBERS = 20_000_000  # of a data set: it is held in double precision

Order = Literal["given", "random"]
DRAWN = Condition("dataset none", lambda config: config.dataset == NONE)
OWN = Condition("dataset NAME, your own rows", lambda config: config.dataset != NONE)


@dataclass(frozen=True)
class Rows:
    """A draw. X (n, d), y (n,); X_test (s, d), y_test (s,), of rows that are not trained on.

    rank: independent columns of X, at most n.
    """

    X: Floats
    y: Floats
    X_test: Floats
    y_test: Floats
    rank: int

    def of_full_rank(self, name: str) -> Rows:
        """Return the draw, of which every d >= n fits all targets.

        Raises:
            ProblemError: fewer than n columns are independent on the training rows.
        """
        n = len(self.y)
        held = f"on {n} training rows of {name} that were drawn, {self.rank} features are independent"
        require(self.rank == n, f"{held}, the constant among them, and n are needed", f"lower n to {self.rank} or less")
        return self


SCALED = "a constant, then every column (images: all pixels together) less its mean, over its deviation, of the n training rows of a draw"


def rows_knob(
    text: str = "your own rows with real targets or two classes, instead of drawn ones: genlab data import",
    needs: Sequence[Condition] = (), **least: int,
) -> str:  # fmt: skip
    """Declare the knob that takes imported rows. least: knobs, n the first, with which the fewest are needed."""
    name: str = data_knob(NONE, text, builtin=(NONE,), kinds=("targets", "classes"), least=least, scaled=SCALED, needs=needs)
    return name


def entry_of(name: str) -> own.Entry | None:
    """Return what is known of imported rows; None where the problem is drawn."""
    return None if name == NONE else own.find(name)


def columns(entry: own.Entry) -> int:
    """Return how many features the rows offer, with the constant."""
    return entry.features + 1


def distinct(entry: own.Entry) -> int:
    """Return how many rows have inputs of their own: the others are left out, since no function fits them."""
    return entry.rows - entry.repeated


def trainable(entry: own.Entry) -> int:
    """Return the most rows that may be trained on, a fifth being kept for testing at the least."""
    return distinct(entry) - max(1, -(-distinct(entry) // 5))


def tests_of(name: str, n: int) -> int:
    """Return how many imported rows test what n of them have taught; 0 where the problem is drawn."""
    entry = entry_of(name)
    return 0 if entry is None else min(MOST_TESTS, distinct(entry) - n)


def refusal(entry: own.Entry, n: int, least: int, threshold: bool = True) -> str:
    """Return why these rows cannot be learnt with n of them, empty where they can.

    least: the fewest rows that may be asked for. threshold: whether there must be as many features as rows.
    """
    name = entry.name
    if entry.kind == "classes" and len(entry.classes) != 2:
        return f"least squares takes real targets or two classes, and {name} has {len(entry.classes)} classes"
    if entry.rows * entry.features > MOST_NUMBERS:
        return f"up to {MOST_NUMBERS:,} numbers are taken, and {name} has {entry.rows:,} rows of {entry.features:,}"
    held = f"{name} has {distinct(entry):,} different rows of {entry.features:,} features"
    most = min(trainable(entry), columns(entry)) if threshold else trainable(entry)
    if most < least:
        return f"{held}, which let n be {most} at most, where at least {least} are needed"
    if n > most:
        why = "a fifth of the rows is kept for testing" if most == trainable(entry) else "d = n must be within reach, the constant among d"
        return f"n must be at most {most}: {held}, and {why}; got {n}"
    return ""


@lru_cache(maxsize=2)
def _loaded(name: str, sha256: str) -> tuple[own.Entry, Floats, Floats]:
    """Return the entry, inputs (rows, features) without repetitions, and targets (rows,) unscaled, or -1 and +1."""
    entry, data = own.find(name), own.load(name, sha256)
    assert data.x is not None  # of rows
    first = np.sort(np.unique(data.x, axis=0, return_index=True)[1])
    y = np.where(data.y[first] == 0, -1.0, 1.0) if data.classes else data.y[first]
    return entry, data.x[first], np.asarray(y, dtype=np.float64)


def draw_rows(name: str, sha256: str, n: int, order: Order, rng: np.random.Generator) -> Rows:
    """Return a draw of n training rows, with all columns.

    Raises:
        DataError: the data set is gone or has another content.
        ProblemError: all training targets are equal.
    """
    entry, x, y = _loaded(name, sha256)
    chosen = rng.permutation(len(x))[: n + MOST_TESTS]
    shuffled = rng.permutation(x.shape[1]) if order == "random" else np.arange(x.shape[1])
    x, y = x[chosen][:, shuffled], y[chosen]
    mean, deviation = moments(x[:n]) if entry.image else column_moments(x[:n])
    features = np.column_stack([np.ones(len(x)), (x - mean) / deviation])
    features[:, 1:][:, np.ptp(x[:n], axis=0) == 0] = 0.0  # nothing is learnt of a column that does not vary
    if np.ptp(y[:n]) == 0:
        raise ProblemError(f"all {n} training targets of {name} are equal", "raise n, or take another seed")
    if entry.kind == "targets":
        centre, spread = moments(y[:n])
        y = (y - centre) / spread
    ordered, rank = _ordered(features, n)
    return Rows(ordered[:n], y[:n], ordered[n:], y[n:], rank)


def _ordered(features: Floats, n: int) -> tuple[Floats, int]:
    """Return the features, those that depend on earlier ones after the first n others, and how many are independent."""
    training = features[:n]
    constant, rest = features[:, :1], features[:, 1:]
    centred = training[:, 1:] - training[:, 1:].mean(axis=0)  # what the constant leaves of a column
    first, later = by_independence(centred, np.arange(rest.shape[1]))
    never = np.setdiff1d(np.arange(rest.shape[1]), np.concatenate([first, later]))
    return np.hstack([constant, rest[:, np.concatenate([first, later, never])]]), min(n, first.size + 1)


def said(entry: own.Entry, n: int, order: Order, d: int) -> str:
    """Return what is to be said of a problem on these rows."""
    repeated = f" ({entry.repeated:,} of {entry.rows:,} rows repeat another and are left out)" if entry.repeated else ""
    tests = tests_of(entry.name, n)
    scaled = "pixels scaled together" if entry.image else "each column scaled"
    ordered = "in their own order" if order == "given" else "in random order"
    target = f"{entry.classes[0]} is -1, {entry.classes[1]} +1" if entry.kind == "classes" else "targets scaled likewise"
    held = f"{entry.name}: {n} training rows a draw, {tests:,} others to test{repeated}"
    return f"{held}; a constant, then {d - 1:,} of {entry.features:,} features {ordered}, {scaled} by the training rows; {target}"
