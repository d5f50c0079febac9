"""What the tests of faults stand on."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Compute on one thread, for networks so small that a second one only waits."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


from tests.engine.conftest import hold, runner  # noqa: E402, F401 (fixtures)
