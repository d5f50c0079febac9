"""Refuses what does not fit into the memory of the device that it is for, before anything is computed."""

from __future__ import annotations

import psutil
import torch

from engine.errors import ProblemError


def require_memory(needed: float, what: str, device: str, hint: str) -> None:
    """Refuse what takes more bytes than are free. what: "50,000 training images and 9 networks"; hint: which knobs to lower.

    Raises:
        ProblemError: it does.
    """
    on_gpu = torch.device(device).type == "cuda"
    free = torch.cuda.mem_get_info(device)[0] if on_gpu else psutil.virtual_memory().available
    if needed > free:
        beside = "of the GPU " if on_gpu else ""
        raise ProblemError(f"{what} take {needed / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB {beside}are free", hint)
