"""The settings that learn the same images: large first weights with and without decay, usual ones, and large ones with other decays."""

from __future__ import annotations

from dataclasses import dataclass

from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.settings import MAIN, NO_DECAY
from engine.readings import Network

USUAL = "alpha-1"
GROKKED = 70  # per cent of the test images that are right when this counts: so few training images teach no more than 74 to 87
FACTORS = (2 / 3, 2.0)  # times the weight decay, of the sweep
WATCHED = (MAIN, USUAL, NO_DECAY)  # drawn step by step


@dataclass(frozen=True)
class ImageSetting:
    """What the networks of one curve have in common; a brief one ends when it generalises. Read as `settings.Setting` is."""

    name: str
    label: str
    alpha: float
    wd: float
    steps: int
    brief: bool = False
    read_at: float = 0.0


def settings_of(config: GrokkingConfig) -> tuple[ImageSetting, ...]:
    """Return the settings that a config asks for; the first is the main one."""
    alpha, wd, steps = config.alpha, config.wd, config.steps
    found = [ImageSetting(MAIN, f"alpha {alpha:g}, decay {wd:g}", alpha, wd, steps)]
    if alpha != 1:
        found.append(ImageSetting(USUAL, f"alpha 1, decay {wd:g}", 1.0, wd, steps))
    if wd > 0:
        found.append(ImageSetting(NO_DECAY, f"alpha {alpha:g}, no decay", alpha, 0.0, steps))
    if config.sweep and wd > 0:
        decays = [round(factor * wd, 12) for factor in FACTORS]
        found += [ImageSetting(f"wd{other:g}", f"alpha {alpha:g}, decay {other:g}", alpha, other, steps, brief=True) for other in decays]
    return tuple(found)


def networks_of(settings: tuple[ImageSetting, ...], seeds: tuple[int, ...]) -> tuple[Network[ImageSetting], ...]:
    """Return every setting with every seed, setting after setting."""
    return tuple(Network(setting, seed) for setting in settings for seed in seeds)
