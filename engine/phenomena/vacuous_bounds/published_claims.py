"""The claims about the papers' own networks and their small sisters: Table 1's certificates, and spheres that fool a network.

Dziugaite, Roy 2017, arXiv:1703.11008, Table 1; Nagarajan, Kolter 2019, arXiv:1902.04742, Section 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contract import Claim, Condition, one_of, within
from engine.judging import PENDING, Judgement, Judges, censored, decided
from engine.phenomena.vacuous_bounds.config import RANDOM, TRUE, VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.figures import CHANCE
from engine.phenomena.vacuous_bounds.presets import NARROWER, NETWORKS

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import VacuousBounds

NOT_RANDOM, ERRS = 0.9, 0.9  # VB6 and VB13; VB14
SMALL_NETWORKS = tuple((width // NARROWER, depth) for width, depth in NETWORKS.values())
MNIST_IMAGES, MNIST_STEPS = 50_000, 500_000
SMALL_IMAGES, SMALL_STEPS, SMALL_DRAWS, SMALL_EPOCHS, SMALL_RATE, FITTING = 4000, 6000, 3000, 20, 0.03, 300


def _of_table_1(config: VacuousBoundsConfig) -> bool:
    """Whether a network of Table 1 is trained as published, or its small sister as its preset trains it."""
    shape = (config.width, config.depth)
    if config.training == "published":
        large = config.dataset == "mnist" and config.n >= MNIST_IMAGES and config.steps >= MNIST_STEPS and config.lr == 0.01
        return large and shape in NETWORKS.values() and config.epochs >= 20 and config.random_epochs >= 120
    small = config.dataset == "digits196" and config.n >= SMALL_IMAGES and config.steps >= SMALL_STEPS and config.lr == SMALL_RATE
    random = config.labels == "true" or (shape == SMALL_NETWORKS[0] and config.random_epochs >= FITTING)
    return small and shape in SMALL_NETWORKS and config.mc >= SMALL_DRAWS and config.epochs >= SMALL_EPOCHS and random


ROWS = (*NETWORKS, "R600")
PRESETS_OF_TABLE_1 = (*(f"dziugaite-{name}-small" for name in ROWS), *(f"dziugaite-{name}" for name in ROWS))
TABLE_1 = (
    Condition("a network of Table 1 as its preset trains it, or one a twelfth as wide", _of_table_1),
    one_of("objective", "dziugaite-roy"), one_of("surrogate", "logistic"), one_of("prior", "init"), within("delta", 0.01),
)  # fmt: skip
SPHERE_PRESETS = ("nagarajan-sphere-small", "nagarajan-sphere", "sphere-250")
SPHERES = (one_of("follow", "sphere-250", "small-sphere", "wide-sphere"), within("margin", 2, 10))

PUBLISHED_CLAIMS = (
    Claim("VB13", "Networks of every width and depth of Table 1 are certified below guessing, and not on random labels",
          "Dziugaite, Roy 2017, arXiv:1703.11008, Table 1", "certificate < .5 on true labels; near 1 on random ones",
          "none; >= .9", PRESETS_OF_TABLE_1, TABLE_1, 0.01),
    Claim("VB14", "On spheres a network learns and errs on S' all the same", "Nagarajan, Kolter 2019, arXiv:1902.04742, Section 3.2",
          "error on S' stays near 1; test error falls with n", ">= .9 at every n; none", SPHERE_PRESETS, SPHERES, 0.01),
)  # fmt: skip


def _certified(run: VacuousBounds) -> Judgement:
    if not run.certified:
        return PENDING
    each = {on.name: [network.bounds["PAC-Bayes"].value for network in run.measured_in(on)] for on in run.config.conditions}
    worst = {name: (max if name == TRUE.name else min)(values) for name, values in each.items()}
    holds = worst.get(TRUE.name, 0.0) < CHANCE and worst.get(RANDOM.name, 1.0) >= NOT_RANDOM
    return decided(holds, ", ".join(f"{name} {value:.3g}" for name, value in worst.items()), "the worst over seeds", values=worst)


def _errs_on_moved(run: VacuousBounds) -> Judgement:
    over_n = run.over_n
    if over_n is None or not over_n.finished:
        return PENDING
    n, test, moved = (over_n.column(name) for name in ("n", "test error", "error on S'"))
    slope = over_n.slope("test error")
    if slope is None or over_n.missed:
        return censored("margin not reached", f"{over_n.missed} networks did not reach the margin")
    first, last, least = float(test[n == n.min()].mean()), float(test[n == n.max()].mean()), float(moved.min())
    told = f"error on S' at least {least:.3g}; test error {first:.3g} to {last:.3g}, {slope}"
    return decided(least >= ERRS and last < first, told, values={"error on S'": least, "first test error": first, "last test error": last})


PUBLISHED_JUDGES: Judges[VacuousBounds] = {"VB13": _certified, "VB14": _errs_on_moved}
