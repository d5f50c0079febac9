"""How many examples a property gets: the same few in every test run, many new ones in a soak."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

FACTOR, COUNT = "GENLAB_EXAMPLES", "GENLAB_COUNTED"  # variables: how many times as many; a file that gets a line for each


def examples(count: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a property so many examples, without a clock; derandomised unless there are to be more."""
    factor = int(os.environ.get(FACTOR, "1"))
    quiet = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    given: Callable[[Callable[..., Any]], Callable[..., Any]] = settings(
        max_examples=count * factor, derandomize=factor == 1, deadline=None, database=None, suppress_health_check=quiet, phases=phases
    )
    return given


def counted(check: Callable[..., None]) -> Callable[..., None]:
    """Let every example leave a line in the file that is named by a variable, if one is."""

    @functools.wraps(check)
    def call(*given: Any, **named: Any) -> None:
        check(*given, **named)
        if COUNT in os.environ:
            with Path(os.environ[COUNT]).open("a") as file:
                file.write("\n")

    return call
