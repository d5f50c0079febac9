"""The runs of the grokking experiment: which task, how much of it is shown, how it is trained; and the task's tables.

Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217. Letters: p the modulus, P pairs, n of them for training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.seeds import streams

if TYPE_CHECKING:
    from engine.theory.modular_arithmetic.operations import Operation

Integers = NDArray[np.int64]

COMBINED = ("add", "sub")  # operations that are a function of a+b or a-b
MAIN, CONTROL, NO_DECAY, P53 = "main", "control", "no-decay", "p53"
WATCHED = (MAIN, CONTROL, NO_DECAY, P53)  # drawn step by step
FRACTIONS, DECAYS = (0.2, 0.3, 0.4, 0.5, 0.6), (0.0, 0.3, 1.0, 3.0)  # of the sweep
P53_SEEDS, P53_STEPS = 3, 600
P53_SETTING = (200, 0.005, "add", "square", "adamw")  # width, learning rate, operation, activation, optimizer


@dataclass(frozen=True)
class Arm:
    """One setting, trained once per seed.

    seeds: how many, or 0 for those of the run; steps: the longest training; brief: whether it ends when it has grokked.
    """

    name: str
    label: str
    p: int
    fraction: float
    wd: float
    steps: int
    speedup: str = "none"
    brief: bool = False
    seeds: int = 0


def arms_of(config: Any) -> tuple[Arm, ...]:
    """Return the arms that a config asks for; the first is the main one."""
    c = config
    label = f"decay {c.wd:g}" if c.speedup == "none" else f"{c.speedup}, decay {c.wd:g}"
    main = Arm(MAIN, label, c.p, c.fraction, c.wd, c.steps, c.speedup)
    arms = [main]
    if c.speedup != "none":
        arms.append(replace(main, name=CONTROL, label=f"control, decay {c.wd:g}", speedup="none"))
    if c.model == "gromov" and c.wd > 0:
        arms.append(Arm(NO_DECAY, "no decay", c.p, c.fraction, 0.0, c.steps))
    if c.sweep:
        there = {(arm.fraction, arm.wd) for arm in arms if arm.speedup == "none"}
        settings = [(fraction, wd) for fraction in FRACTIONS for wd in DECAYS if (fraction, wd) not in there]
        arms += [Arm(f"f{f:g}-wd{wd:g}", f"fraction {f:g}, decay {wd:g}", c.p, f, wd, c.steps, brief=True) for f, wd in settings]
    if c.model == "gromov" and (c.width, c.lr, c.op, c.act, c.optimizer) == P53_SETTING:
        arms.append(Arm(P53, "p=53, half of it, no decay", 53, 0.5, 0.0, P53_STEPS, brief=True, seeds=P53_SEEDS))
    return tuple(arms)


@dataclass(frozen=True)
class Member:
    """One training run: an arm with a seed."""

    arm: Arm
    seed: int


def members_of(arms: tuple[Arm, ...], seeds: tuple[int, ...]) -> tuple[Member, ...]:
    """Return every arm with every one of its seeds, arm after arm."""
    own = {arm: tuple(range(seeds[0], seeds[0] + arm.seeds)) if arm.seeds else seeds for arm in arms}
    return tuple(Member(arm, seed) for arm in arms for seed in own[arm])


@dataclass(frozen=True)
class Task:
    """An operation's table, split; `train` (P,) says which pairs are shown."""

    table: Operation
    train: NDArray[np.bool_]


def task(op: str, member: Member) -> Task:
    """Return the member's split: `int(fraction * P)` pairs without replacement, so that none of the test pairs is seen."""
    from engine.theory.modular_arithmetic.operations import operation

    table = operation(op, member.arm.p)
    count = len(table.labels)
    train = np.zeros(count, dtype=bool)
    train[streams(member.seed).data.permutation(count)[: int(member.arm.fraction * count)]] = True
    return Task(table, train)


def wave_order(op: str, p: int) -> Integers:
    """Return the tokens in the order in which the operation is a rotation: 0..p-1, or the powers of a primitive root."""
    from engine.theory.modular_arithmetic.operations import discrete_logarithms

    if op in ("mul", "div"):
        return np.argsort(discrete_logarithms(p)) + 1
    return np.arange(p)
