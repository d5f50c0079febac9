"""The knobs of toy decay."""

from typing import Literal

from engine.contract import Config, knob


class ToyConfig(Config):
    steps: int = knob(200, "Steps to take.", ge=1, le=10**9, unit="steps", log=True)
    rate: float = knob(0.1, "What a step takes away.", ge=0, le=1, live=True, label="decay rate")
    mode: Literal["plain", "diverging", "broken", "impossible", "missing"] = knob("plain", "What happens half way.")
    pause: float = knob(0.0, "Seconds a step sleeps.", ge=0, le=1)
    widths: tuple[int, ...] = knob((1, 2), "A list.", ge=1, le=64)
    extra: bool = knob(False, "A switch.")
