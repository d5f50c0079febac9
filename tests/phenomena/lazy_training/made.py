"""A lazy-training experiment of few examples and neurons."""

from engine.phenomena.lazy_training.experiment import LazyTraining

SMALL = {"n": 20, "d": 4, "m": 10, "widths": (6,), "steps": 100, "alpha": (0.1, 1.0, 100.0), "teacher": 2, "tol": 0.05}


def make(seeds=(0,), preset="custom", base="quick", **knobs):
    return LazyTraining(LazyTraining.spec.configure(base, knobs), seeds, "cpu", preset)
