"""For which knobs the claims of grokking are meant.

What training does is not predicted for every knob; these are the settings around those of Gromov 2023, arXiv:2301.02679, and of Nanda et
al. 2023, arXiv:2301.05217, in which it was measured. Letters: p the modulus.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from engine.contract import Condition, one_of, unmet, within
from engine.phenomena.grokking.config import PAIRS, GrokkingConfig
from engine.theory.modular_arithmetic.operations import ADDITIVE

LEAST_DATA = 2.35  # times 1/sqrt(p), the fraction up to which the rule was found long after memorising (p from 31 to 97)
P53_KNOBS = {"model": "gromov", "act": "square", "optimizer": "adamw", "op": "add", "width": 200, "lr": 0.005, "beta2": 0.98}

QUADRATIC = (
    PAIRS, one_of("model", "gromov"), one_of("act", "square"), one_of("optimizer", "adamw"), one_of("speedup", "none"),
    within("beta2", 0.97, 0.99), within("lr", 0.004, 0.006), within("wd", 0.7, 1.5),
)  # fmt: skip
WAVES = (*QUADRATIC, within("p", 41, 97), within("width", 100, 250))
HALF_OF_53 = (PAIRS, *(one_of(knob, value) for knob, value in P53_KNOBS.items()))
WITHOUT_DECAY = (
    *HALF_OF_53, one_of("p", 59), one_of("fraction", 0.3), within("steps", 1200),
    Condition("speedup none where decay is 0", lambda config: config.wd > 0 or config.speedup == "none"),
)  # fmt: skip


def published(config: GrokkingConfig) -> bool:
    """Whether the network and its training are those of preset nanda, for any number of steps."""
    known = {
        "task": "pairs", "model": "transformer", "p": 113, "width": 512, "fraction": 0.3, "op": "add", "optimizer": "adamw",
        "speedup": "none", "wd": 1.0, "lr": 0.001, "beta2": 0.98,
    }  # fmt: skip
    return not unmet((one_of(knob, value) for knob, value in known.items()), config)


def _are(config: GrokkingConfig, known: dict[str, object]) -> bool:
    return all(getattr(config, knob) == value for knob, value in known.items())


def _or_published(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    def meets(condition: Condition, config: GrokkingConfig) -> bool:
        return published(config) or condition.test(config)

    return tuple(Condition(item.words, partial(meets, item)) for item in conditions)


DELAYED = _or_published((
    Condition("model gromov (or all knobs of preset nanda)", lambda config: config.model == "gromov"),
    PAIRS, *QUADRATIC[2:], within("p", 41, 61), within("width", 150, 250),
    Condition(f"fraction at most {LEAST_DATA:g}/sqrt(p)", lambda config: config.fraction * config.p**0.5 <= LEAST_DATA),
))  # fmt: skip
CIRCUIT = (*DELAYED, one_of("op", *ADDITIVE))
POWER: dict[str, object] = {  # the headline of 2022, for any number of steps
    "task": "pairs", "model": "decoder", "p": 97, "op": "div", "width": 128, "fraction": 0.5, "wd": 0.0, "lr": 0.001, "batch": 512,
    "optimizer": "adamw", "beta2": 0.98, "speedup": "none",
}  # fmt: skip
POWER_SMALL: dict[str, object] = {**POWER, "p": 31, "width": 64, "fraction": 0.7, "wd": 1.0, "lr": 0.003, "batch": 256}
HEADLINE = (Condition("all knobs of preset power", lambda config: _are(config, POWER)),)
DECODER = (
    Condition("all knobs of preset power-small or power", lambda config: _are(config, POWER) or _are(config, POWER_SMALL)),
)  # fmt: skip
SWEPT = (one_of("sweep", True), *HALF_OF_53, one_of("p", 59), one_of("speedup", "none"))
