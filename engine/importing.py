"""Imports torch in a thread without holding up the others: its libraries are mapped while Python's lock is free.

A plain import maps half a gigabyte of native code under that lock, and an interface in another thread stands still for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

LIBRARIES = (("libtorch_global_deps.so", os.RTLD_GLOBAL), ("libtorch.so", os.RTLD_LOCAL))  # as torch maps them; none calls Python


def load_torch() -> None:
    """Import torch."""
    _map_libraries()
    with _uncollected():
        import torch  # noqa: F401 (what it is needed for comes after)


def _map_libraries() -> None:
    """Map torch's libraries where they lie in their usual place; the import maps what this does not."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return
    try:
        dlopen = ctypes.CDLL(None).dlopen  # called through ctypes, which frees the lock; ctypes.CDLL(name) does not
    except (OSError, AttributeError, TypeError):
        return
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name, scope in LIBRARIES:
        path = Path(found.origin).parent / "lib" / name
        if path.exists():
            dlopen(os.fsencode(path), os.RTLD_LAZY | scope)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage within the block: looking through all that an import makes stands still for long, and finds nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
