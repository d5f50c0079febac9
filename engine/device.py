"""Where a run computes: CPU or CUDA, how many threads, how much memory. Imports torch only when the answer needs it."""

from __future__ import annotations

import os
import sys
import warnings
from functools import lru_cache
from pathlib import Path

from engine.cores import default_threads as default_threads
from engine.cores import require_threads
from engine.errors import UsageError, echoed

DEVICES = ("auto", "cpu", "cuda")
_DRIVERS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd")  # NVIDIA, NVIDIA under WSL, AMD (which torch calls cuda)


def resolve_device(wanted: str = "auto") -> str:
    """Return "cpu" or "cuda".

    Args:
        wanted: "auto" takes CUDA where torch can use it; without a driver this answers without importing torch.

    Raises:
        UsageError: an unknown device, or CUDA where there is none.
    """
    if wanted not in DEVICES:
        raise UsageError(f"device must be one of {', '.join(DEVICES)}, got {echoed(wanted)}", "default: auto")
    if wanted == "cpu" or (wanted == "auto" and not _has_driver()):
        return "cpu"
    why = why_no_gpu()
    if not why:
        return "cuda"
    if wanted == "auto":
        return "cpu"
    raise UsageError(f"device cuda is not there: {why}", "use --device cpu; see genlab doctor")


def why_no_gpu() -> str:
    """Return why torch can use no GPU, such as a driver that is too old for it; empty where it can. Imports torch."""
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        usable = torch.cuda.is_available()
    if usable:
        return ""
    if torch.version.cuda is None:
        return "this torch is built without it"
    words = [str(item.message) for item in said if "CUDA" in str(item.message)]
    reason = words[-1].splitlines()[0].removeprefix("CUDA initialization: ").partition(". ")[0] if words else ""
    return f"torch finds no usable GPU{f': {reason[:200]}' if reason else ''}"


def may_be_gpu(wanted: str) -> bool:
    """Whether "auto" may turn out to be CUDA here (or that is asked for), without importing torch."""
    return wanted == "cuda" or (wanted == "auto" and sys.platform != "darwin" and _has_driver())


def use_threads(count: int, *, torch: bool) -> None:
    """Make torch (where the run uses it) and BLAS compute with `count` threads. Sums depend on it, so it is part of the manifest.

    Raises:
        LabError: the system starts no further threads.
    """
    if count > 1:
        require_threads(count)
    if torch:
        import torch as library

        library.set_num_threads(count)
    _limit_blas(count)


@lru_cache(maxsize=1)
def _limit_blas(count: int) -> None:
    """NumPy and SciPy each bring a pool of their own: limit what is loaded, and tell by the environment what loads later."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(count, user_api="blas")
    os.environ["OPENBLAS_NUM_THREADS"] = str(count)


def memory() -> int:
    """Return the bytes of memory that this process holds."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def _has_driver() -> bool:
    return not sys.platform.startswith("linux") or any(Path(name).exists() for name in _DRIVERS)
