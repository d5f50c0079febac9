"""Records work that always runs the same kernels on the same memory as one CUDA graph, so that a step is one launch."""

from __future__ import annotations

from collections.abc import Callable

WARM_UP = 3  # runs before recording, in which libraries and autograd make their buffers


def recorded(work: Callable[[], object], device: str) -> tuple[Callable[[], object], str]:
    """Return a function that does the same as `work`, and a sentence where a graph was wanted and could not be had.

    Args:
        work: repeatable without harm (it is run several times), no transfers to the host, the same tensors in every call.
        device: on "cpu" the work is returned as it is.
    """
    if device == "cpu":
        return work, ""
    try:
        return _graph(work), ""
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        return work, f"CUDA graphs are not used ({reason}), so every step launches its kernels one by one"
    except AssertionError as error:  # a torch that is built without CUDA says so in this way
        return work, f"CUDA graphs are not used ({error}), so every step launches its kernels one by one"


def _graph(work: Callable[[], object]) -> Callable[[], object]:
    import torch

    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
