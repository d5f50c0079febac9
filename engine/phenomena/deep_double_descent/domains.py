"""For which settings the claims of deep double descent are meant: those that they were measured for, and the published ones.

Nakkiran et al. 2020, arXiv:1912.02292; Greydanus, Kobak 2024, arXiv:2011.14439.
"""

from __future__ import annotations

from itertools import pairwise

from engine.contract import Condition, Preset, one_of, within
from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.presets import PRESETS

FREE = {"h", "noise", "steps", "samples", "sample_h", "clean", "eps", "tests", "dataset_sha256"}  # of a preset's training


def _equals(config: DeepDoubleDescentConfig, preset: Preset) -> bool:
    wanted = DeepDoubleDescentConfig.model_construct(**preset.overrides).model_dump(exclude=FREE)
    return config.model_dump(exclude=FREE) == wanted


def _as_preset(*names: str) -> Condition:
    """The condition that networks train as in one of some presets, whatever their widths, noise and steps."""
    chosen = [preset for preset in PRESETS if preset.name in names]
    words = f"all knobs of training as in preset {' or '.join(names)}"
    return Condition(words, lambda config: any(_equals(config, preset) for preset in chosen))


def _has_curve(config: DeepDoubleDescentConfig, preset: Preset) -> bool:
    knobs = preset.overrides
    return (
        "model" in knobs and _equals(config, preset)
        and set(knobs["h"]) <= set(config.h) and config.widths[0] == min(knobs["h"]) and config.widths[-1] == max(knobs["h"])
        and config.noise == knobs["noise"] and config.steps == knobs["steps"] and config.tests >= knobs["tests"]
    )  # fmt: skip


def seeds_of_curve(config: DeepDoubleDescentConfig) -> int:
    """Return over how many seeds the curve in k of convolutional networks is a mean: those of its preset; 1 if it is none's."""
    return max((preset.seeds for preset in PRESETS if _has_curve(config, preset)), default=1)


WIDTHS = Condition(
    "h from 3 or less to 600 or more, two of it in 8..20 and two in 40..100",
    lambda config: config.widths[0] <= 3 and config.widths[-1] >= 600
    and all(sum(lo <= h <= hi for h in config.widths) >= least for lo, hi, least in ((8, 20, 2), (40, 100, 2))),
)  # fmt: skip
PROCEDURE = (
    one_of("model", "mlp"), one_of("dataset", "digits196"), one_of("loss", "mse"), one_of("optimizer", "adam"), one_of("depth", 1),
    one_of("batch", 0), one_of("wd", 0.0), within("lr", 0.002, 0.005), within("steps", 500, 1000),
)  # fmt: skip
CURVE = (*PROCEDURE, WIDTHS, one_of("convention", "incorrect"), within("tests", 2000))
PEAK = (*CURVE, within("n", 700, 1000), within("noise", 0.2, 0.25))
BEATEN = (*CURVE, within("n", 700, 800), one_of("noise", 0.2))  # more noise hurts the widest most, more examples help the narrow
TRUE_LABELS = one_of("clean", True)
NOTEBOOK = (
    one_of("model", "mlp"), one_of("dataset", "mnist1d"), one_of("loss", "ce"), one_of("depth", 2), one_of("optimizer", "sgd"),
    one_of("momentum", 0.9), one_of("batch", 100), one_of("wd", 0.0), one_of("lr", 0.01), within("n", 4000, 4000),
    within("steps", 20_000, 20_000), within("noise", 0.15, 0.2), within("tests", 12_000), TRUE_LABELS,
    Condition("h at 16 or less, 36, 47 or 61, and 300", lambda config: config.widths[0] <= 16 and config.widths[-1] >= 300
              and any(36 <= h <= 61 for h in config.widths)),
)  # fmt: skip
IN_TIME = (
    _as_preset("nakkiran-resnet"), one_of("noise", 0.2), within("steps", 1_560_000),
    Condition("a largest h of 64", lambda config: config.widths[-1] == 64),
)  # fmt: skip
CHANNELS = (
    _as_preset("nakkiran-resnet", "nakkiran-cnn", "nakkiran-resnet-small", "nakkiran-cnn-small"),
    Condition("noise, steps, no fewer tests and every h of its nakkiran preset, further h between them",
              lambda config: any(_has_curve(config, preset) for preset in PRESETS)),
)  # fmt: skip
SIZES = Condition(
    "two widths at sample sizes from 1 to 500 or more, each at most 2.1 times the one before",
    lambda config: len(config.swept) >= 2 and config.sizes[0] == 1 and config.sizes[-1] >= 500
    and all(b <= 2.1 * a for a, b in pairwise(config.sizes)),
)  # fmt: skip
EXPECTED = (*PROCEDURE, SIZES)
