"""How full and how busy the GPU is that runs here share: for the status line, and for what a run that begins beside others is told."""

from __future__ import annotations

import sys
import time
from functools import lru_cache

from engine.contract import Gpu
from engine.device import may_be_gpu, why_no_gpu

PERIOD = 1.0  # seconds between two looks: asking costs a fraction of a millisecond, and reads what other processes do too
SHARED = 0.05  # of its memory, from which on others are said to use it: a context alone takes less


def gpu_in_use(device: str) -> Gpu | None:
    """Return how full and busy the GPU of a run is, at most a second old; None on a CPU, and where the driver does not say."""
    return _looked(device, int(time.monotonic() / PERIOD)) if device.startswith("cuda") else None


def others_on_gpu(device: str) -> str:
    """Say what is left of a GPU that others use as a run begins; empty where nobody does, and on a CPU."""
    found = gpu_in_use(device)
    if found is None or found.used < SHARED * found.total:
        return ""
    busy = "" if found.busy is None else f", {100 * found.busy:.0f} % busy"
    left, used = (f"{count / 1e9:.1f} GB" for count in (found.total - found.used, found.used))
    return f"shares the {found.name} with others, who hold {used} of its {found.total / 1e9:.1f} GB{busy}: {left} are left for this run"


def about_gpu(wanted: str, device: str) -> str:
    """Say of a run that trains what others leave it of its GPU, or why one that is here is not used; empty where there is nothing to say.

    wanted: "auto", "cpu" or "cuda"; device: what that came to.
    """
    if device == "cpu" and wanted == "auto" and may_be_gpu(wanted):
        return f"computes on the processor: {why_no_gpu()}"
    return others_on_gpu(device)


def gpu_is_full(error: BaseException) -> bool:
    """Whether an exception of torch says that its memory ran out."""
    return type(error).__name__ == "OutOfMemoryError"


def gpu_failed(error: BaseException) -> bool:
    """Whether an exception of torch says that the GPU or its driver failed: this process can use it no more."""
    return type(error).__name__ in ("AcceleratorError", "RuntimeError") and "CUDA" in str(error)


@lru_cache(maxsize=1)
def _looked(device: str, period: int) -> Gpu | None:
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    try:
        free, total = torch.cuda.mem_get_info(device)
        name = torch.cuda.get_device_name(device)
    except (RuntimeError, AssertionError, ValueError):  # the GPU vanished, or is held by a driver that does not answer
        return None
    return Gpu(name.removeprefix("NVIDIA "), total - free, total, _busy(torch, device))


def _busy(torch: object, device: str) -> float | None:
    """Share of the last second or less in which something was computed; None without the extra `gpu`, or where the driver does not say."""
    try:
        return float(torch.cuda.utilization(device)) / 100  # type: ignore[attr-defined]
    except Exception:  # NVML's own errors, which only exist where it is installed
        return None
