"""The settings that are trained beside each other, their networks, and how much of the operation's table each network is shown.

Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217. Letters: p the modulus, P pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.contract import unmet
from engine.phenomena.grokking.config import GrokkingConfig, Speedup
from engine.phenomena.grokking.domains import HALF_OF_53, WAVES
from engine.readings import Network
from engine.seeds import streams
from engine.theory.modular_arithmetic.operations import Operation, operation

MAIN, CONTROL, NO_DECAY, P53 = "main", "control", "no-decay", "p53"
WATCHED = (MAIN, CONTROL, NO_DECAY, P53)  # drawn step by step
FRACTIONS, DECAYS = (0.2, 0.3, 0.4, 0.5, 0.6), (0.0, 0.3, 1.0, 3.0)  # of the sweep
P53_SEEDS, P53_STEPS = 3, 600
READ_AT = 2.5  # times the grok step: when single waves are read, since the embedding goes on sharpening after accuracy has jumped
MOST_LONGER = 2.0  # a run goes on for that to so many times its steps at most


@dataclass(frozen=True)
class Setting:
    """What the networks of one curve have in common.

    seeds: how many, or 0 for those of the run; steps: the longest training; brief: whether it ends when it has grokked;
    read_at: to which multiple of the step at which its last seed grokked training goes on, if `steps` are fewer; 0 for none.
    """

    name: str
    label: str
    p: int
    fraction: float
    wd: float
    steps: int
    speedup: Speedup = "none"
    brief: bool = False
    seeds: int = 0
    read_at: float = 0.0


def settings_of(config: GrokkingConfig) -> tuple[Setting, ...]:
    """Return the settings that a config asks for; the first is the main one."""
    c = config
    label = f"decay {c.wd:g}" if c.speedup == "none" else c.speedup
    main = Setting(MAIN, label, c.p, c.fraction, c.wd, c.steps, c.speedup, read_at=0.0 if unmet(WAVES, c) else READ_AT)
    found = [main]
    if c.speedup != "none":
        found.append(replace(main, name=CONTROL, label="control", speedup="none", read_at=0.0))
    if c.model == "gromov" and c.wd > 0:
        found.append(Setting(NO_DECAY, "no decay", c.p, c.fraction, 0.0, c.steps))
    if c.sweep:
        there = {(setting.fraction, setting.wd) for setting in found if setting.speedup == "none"}
        swept = [(fraction, wd) for fraction in FRACTIONS for wd in DECAYS if (fraction, wd) not in there]
        found += [Setting(f"f{f:g}-wd{wd:g}", f"fraction {f:g}, decay {wd:g}", c.p, f, wd, c.steps, brief=True) for f, wd in swept]
    if not unmet(HALF_OF_53, c):
        found.append(Setting(P53, "p = 53, half of the pairs, no decay", 53, 0.5, 0.0, P53_STEPS, brief=True, seeds=P53_SEEDS))
    return tuple(found)


def networks_of(settings: tuple[Setting, ...], seeds: tuple[int, ...]) -> tuple[Network[Setting], ...]:
    """Return every setting with every one of its seeds, setting after setting."""
    own = {setting: tuple(range(seeds[0], seeds[0] + setting.seeds)) if setting.seeds else seeds for setting in settings}
    return tuple(Network(setting, seed) for setting in settings for seed in own[setting])


@dataclass(frozen=True)
class Task:
    """An operation's table, split; `train` (P,) says which pairs are shown."""

    table: Operation
    train: NDArray[np.bool_]


def task(op: str, network: Network[Setting]) -> Task:
    """Return the network's split: `int(fraction * P)` pairs without replacement, so that none of the test pairs is seen."""
    table = operation(op, network.setting.p)
    count = len(table.labels)
    train = np.zeros(count, dtype=bool)
    train[streams(network.seed).data.permutation(count)[: int(network.setting.fraction * count)]] = True
    return Task(table, train)
