"""A small run of vacuous bounds, and what its tests ask of a run."""

from engine.phenomena.vacuous_bounds.experiment import VacuousBounds

SMALL = {"n": 300, "width": 10, "epochs": 20, "random_epochs": 60, "steps": 120, "mc": 100, "follow": "nothing"}


def make(seeds=(0,), preset="custom", base="quick", **knobs):
    return VacuousBounds(VacuousBounds.spec.configure(base, knobs), seeds, "cpu", preset)


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)
