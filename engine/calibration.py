"""How fast this machine is, measured within a second: seconds a unit of each kind of `Work`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, process_time

import numpy as np

from engine.contract.work import Work
from engine.cores import default_threads

ROUNDS = 3
LEAST = 0.03  # seconds of one round
THIN = (25, 4, 14, 14)  # images, channels and pixels of a convolution that takes longer than its products
AT_ONCE = 20  # calls between two looks at the clock of a GPU, which is waited for then


def gpu_name() -> str | None:
    """Return the name of the GPU that torch can use, None where there is none; imports torch."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def calibrated(device: str = "cpu") -> Work:
    """Return the seconds that one unit of each kind takes on a device; imports torch."""
    if device != "cpu":
        return _of_gpu(device)
    with _usual_threads():
        return _of_processor()


@contextmanager
def _usual_threads() -> Iterator[None]:
    """Compute with as many threads as runs do: one more than there are free cores makes everything wait for that one."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(default_threads())
    try:
        with threadpool_limits(default_threads(), user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


def _of_processor() -> Work:
    import torch

    members, batch, width = 8, 100, 256
    first, second = torch.rand(members, batch, width), torch.rand(members, width, width)
    square = np.random.default_rng(0).standard_normal((150, 150))
    large, small = torch.rand(1 << 20), torch.rand(32)
    return Work(
        products=_seconds(lambda: torch.bmm(first, second)) / (2 * members * batch * width * width),
        solves=_seconds(lambda: np.linalg.svd(square)) / (20 * 150**3),
        elements=_seconds(lambda: large.mul(0.5)) / large.numel(),
        calls=_seconds(lambda: small.mul(0.5).add(1.0)) / 2,
        convolutions=_seconds(_thin_convolution("cpu")),
    )


def _of_gpu(device: str) -> Work:
    """Products are as large as those of networks in the papers' size; solves are products in double precision: factorisations stay
    on the processor.
    """
    import torch

    wait = torch.cuda.synchronize
    members, size = 8, 1024
    first, second = (torch.rand(members, size, size, device=device) for _ in range(2))
    double, other = first.double(), second.double()
    large, small = torch.rand(1 << 24, device=device), torch.rand(32, device=device)
    operations = 2 * members * size**3
    return Work(
        products=_seconds(lambda: torch.bmm(first, second), wait) / operations,
        solves=_seconds(lambda: torch.bmm(double, other), wait) / operations,
        elements=_seconds(lambda: large.mul(0.5), wait) / large.numel(),
        calls=_seconds(lambda: small.mul(0.5).add(1.0), wait) / 2,
        convolutions=_seconds(_thin_convolution(device), wait),
    )


def _thin_convolution(device: str) -> Callable[[], object]:
    """Return what computes one with its ReLU, forward and back."""
    import torch

    images = torch.rand(THIN, device=device).contiguous(memory_format=torch.channels_last).requires_grad_()
    kernel = torch.rand(THIN[1], THIN[1], 3, 3, device=device).contiguous(memory_format=torch.channels_last).requires_grad_()

    def compute() -> object:
        return torch.autograd.grad(torch.relu(torch.conv2d(images, kernel, padding=1)).sum(), (images, kernel))

    return compute


def _seconds(work: Callable[[], object], wait: Callable[[], None] | None = None) -> float:
    """The seconds of one call: the least of some rounds, since others may be at work beside. wait: until a GPU has done what was asked.

    On the processor the time that this process had counts where it is less than what went by, and others had the rest.
    """
    clocks = (perf_counter, process_time) if wait is None else (perf_counter,)
    work()
    times: list[float] = []
    for _ in range(ROUNDS):
        if wait is not None:
            wait()
        count, begun = 0, [clock() for clock in clocks]
        while perf_counter() - begun[0] < LEAST or not count:
            for _ in range(1 if wait is None else AT_ONCE):
                work()
                count += 1
            if wait is not None:
                wait()
        times.append(min(clock() - at for clock, at in zip(clocks, begun, strict=True)) / count)
    return min(times)
