"""From the arrays of a file to a data set: classes or real targets, images or rows of numbers, finite, enough of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.own.entry import MOST_CLASSES, Kind, OwnData
from engine.data.own.table import Table, Wishes, check_room, seen
from engine.errors import DataError, UsageError
from engine.store.files import printable

FEW_VALUES = 100  # different whole numbers up to which a target is taken for classes
CHANNELS = (1, 3, 4)
LONGEST_CLASS = 60  # characters of a class's name that are kept
EXACT = 2.0**53  # below it every whole number is a double of its own
LARGEST = 1e150  # of a number: squares of it are still finite


def understood(table: Table, wishes: Wishes) -> OwnData:
    """Return a table as a data set.

    Raises:
        UsageError: a shape or kind that the data do not have.
        DataError: values that are not finite, no rows, one class, sizes that do not belong together.
    """
    if table.eigenvalues is not None:
        return _spectrum(table)
    if table.inputs is None or table.target is None:
        raise DataError(f"{table.source} holds no inputs with a target", "genlab data import NAME FILE")
    target = table.target.reshape(-1) if table.target.ndim == 2 and 1 in table.target.shape else table.target
    if target.ndim != 1 or table.inputs.ndim < 1 or len(target) != len(table.inputs):
        shapes = f"{table.inputs.shape} and {table.target.shape}"
        raise DataError(f"inputs and targets of {table.source} do not belong together: shapes {shapes}", "give one target a row")
    if len(target) < 2:
        raise DataError(f"{table.source} holds {len(target)} rows, where at least 2 are needed", "give more rows")
    inputs, shape, notes = _inputs(table, wishes.shape)
    kind, y, classes = _target(table, target, wishes.kind)
    return OwnData(kind, inputs, y, shape, classes, source=table.source, notes=(f"read as {table.form}", *table.notes, *notes))


def _spectrum(table: Table) -> OwnData:
    assert table.eigenvalues is not None
    values = _finite(_numbers(table.eigenvalues, "eigenvalues"), "eigenvalues").reshape(-1)
    if table.eigenvalues.ndim > 1 and max(table.eigenvalues.shape) != values.size:
        raise DataError(
            f"eigenvalues have the shape {table.eigenvalues.shape}, where one list is needed", "np.savez(FILE, eigenvalues=...)"
        )
    signal = None if table.signal is None else _finite(_numbers(table.signal, "signal"), "signal").reshape(-1)
    if values.size < 2:
        raise DataError(f"{table.source} holds {values.size} eigenvalues, where at least 2 are needed", "give more")
    if values.min() < 0 or values.max() == 0:
        what = f"one is {values.min():g}" if values.min() < 0 else "all are 0"
        raise DataError(f"eigenvalues of a covariance are at least 0 and not all 0; {what}", "give those of X'X/n or of its expectation")
    if signal is not None and signal.shape != values.shape:
        raise DataError(f"there are {values.size} eigenvalues and {signal.size} coefficients of the signal", "give one of each")
    order = np.argsort(-values, kind="stable")
    return OwnData(
        "spectrum", None, np.zeros(0), eigenvalues=values[order], signal=None if signal is None else signal[order], source=table.source,
        notes=(f"read as {table.form}",),
    )  # fmt: skip


def _inputs(table: Table, wished: tuple[int, ...]) -> tuple[NDArray[Any], tuple[int, ...], tuple[str, ...]]:
    """Return inputs (n, d), the shape of one, and what was decided."""
    assert table.inputs is not None
    array = table.inputs
    if array.dtype.kind not in "biuf":
        raise DataError(f"the inputs of {table.source} are texts, where numbers must be", "save numbers: np.asarray(X, float)")
    if array.ndim > 4:
        raise DataError(f"one input has {array.ndim - 1} dimensions, where at most 3 (height, width, channels) are read", "reshape X")
    notes: tuple[str, ...] = ()
    if array.ndim == 4 and array.shape[1] in CHANNELS and array.shape[3] not in CHANNELS:
        array, notes = array.transpose(0, 2, 3, 1), ("channels stood first and are put last",)
    shape = tuple(int(length) for length in array.shape[1:]) or (1,)
    count = math.prod(shape)
    if wished:
        if math.prod(wished) != count:
            raise UsageError(
                f"--shape {','.join(map(str, wished))} is {math.prod(wished):,} numbers, and a row has {count:,}", "see the row"
            )
        shape = wished
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    if count < 1:
        raise DataError(f"{table.source} has no inputs beside the target", "give at least one column of numbers")
    if array.dtype == np.uint8 and len(shape) == 1 and count > 1 and math.isqrt(count) ** 2 == count:
        side = math.isqrt(count)
        notes = (*notes, f"rows of {count:,} bytes, each column scaled by itself; if they are images: --shape {side},{side}")
    check_room(table.source, array.size * (1 if array.dtype == np.uint8 else 8), len(array))
    flat = _finite(_compact(np.ascontiguousarray(array).reshape(len(array), count)), "inputs")
    return flat, shape, notes


def _compact(array: NDArray[Any]) -> NDArray[Any]:
    """Return bytes and single precision as they are, whole numbers from 0 to 255 as bytes where they were integers; else doubles."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if array.dtype == np.uint8 or array.dtype == np.float32:
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    return array.astype(np.float64)


def _numbers(array: NDArray[Any], what: str) -> NDArray[np.float64]:
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what} are texts, where numbers must be", "save numbers: np.asarray(..., float)")
    return array.astype(np.float64)


def _finite(array: NDArray[Any], what: str) -> NDArray[Any]:
    if array.dtype.kind != "f" or not array.size:
        return array
    for start in range(0, len(array), 4096):  # no copy of the whole
        part = array[start : start + 4096]
        bad = ~(np.abs(part) <= LARGEST)
        if bad.any():
            place = np.argwhere(bad)[0]
            value = part[tuple(place)]
            where = f"row {start + int(place[0]) + 1}" + (f", column {int(place[1]) + 1}" if part.ndim > 1 else "")
            must = f"must lie within {LARGEST:g} of 0" if np.isfinite(value) else "must be finite"
            raise DataError(f"{what} {must}, and {where} is {value:g}", "fill, scale or drop such rows")
    return array


def _target(table: Table, target: NDArray[Any], given: Kind | str) -> tuple[Kind, NDArray[Any], tuple[str, ...]]:
    """Return the kind, y, and the names of the classes. given: the kind that a person wishes."""
    source, wished = table.source, given or ("classes" if table.labels else "")
    other = "give labels of several classes" if table.labels else "name another column: --target"
    if wished == "spectrum":
        raise UsageError(f"{source} holds inputs and a target, and no spectrum", "leave out --kind spectrum")
    numbers = _as_numbers(target)
    if numbers is None and wished == "targets":
        raise DataError(f"the target of {source} holds the text {seen(_first_text(target))!r}, where numbers must be", "--kind classes")
    if numbers is not None:
        _finite(numbers, "targets")
        whole = bool((numbers == np.round(numbers)).all())
        few = len(np.unique(numbers)) <= min(FEW_VALUES, max(2, len(numbers) // 2))
        if wished == "targets" or (wished != "classes" and not (whole and few)):
            if np.ptp(numbers) == 0:
                raise DataError(f"every target of {source} is {numbers[0]:g}", f"there is nothing to learn; {other}")
            return "targets", numbers, ()
    if numbers is not None and np.abs(numbers).max() < EXACT:
        found, y = np.unique(numbers, return_inverse=True)
        names = [f"{value:.12g}" for value in found]
    else:  # larger whole numbers are names, such as those of products: two of them may be one double
        texts, y = np.unique(np.array([_text(item) for item in target.tolist()]), return_inverse=True)
        names = [_one_line(str(text)) for text in texts]
    if len(names) < 2:
        raise DataError(f"{source} holds one class, {seen(names[0])!r}, where at least 2 are needed", other)
    if len(names) > MOST_CLASSES or len(names) == len(y) > 2:
        every = " (every row its own)" if len(names) == len(y) else ""
        raise DataError(
            f"{source} holds {len(names):,} classes{every}, where at most {MOST_CLASSES:,} are taken", "real targets: --kind targets"
        )
    return "classes", np.asarray(y, dtype=np.int64).reshape(-1), tuple(names)


def _as_numbers(target: NDArray[Any]) -> NDArray[np.float64] | None:
    if target.dtype.kind in "biuf":
        return target.astype(np.float64)
    try:
        return np.array([float(item) for item in target.tolist()])
    except ValueError:
        return None


def _first_text(target: NDArray[Any]) -> str:
    for item in target.tolist():
        try:
            float(item)
        except ValueError:
            return _text(item)
    return ""


def _one_line(text: str) -> str:
    return " ".join(str(printable(text)).split())[:LONGEST_CLASS]


def _text(item: Any) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
