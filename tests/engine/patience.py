"""Waiting for conditions, never for clocks."""

import time

PATIENCE = 60.0  # seconds until a condition that should come is called missing


def until(condition, what="the condition"):
    """Wait until `condition()` is true and return its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.002)
    return value
