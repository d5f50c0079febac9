"""What the networks of all scales and widths compute until they rest, and their kernels."""

from __future__ import annotations

from engine.contract.work import Work, training
from engine.phenomena.lazy_training.config import LazyTrainingConfig
from engine.phenomena.lazy_training.convolutional import size

RESTED = 0.2  # of the longest training, after which most networks rest


def work(config: LazyTrainingConfig, seeds: int) -> Work:
    """Networks side by side, the linearised ones beside them, and the kernel's eigenvectors; or what study convolutional does."""
    if config.study == "convolutional":
        return size.work(config, seeds)
    total = Work()
    for width, networks in ((config.m, len(config.alpha)), *((width, 1) for width in config.widths)):
        total += training(seeds * networks, RESTED * config.steps, config.features * width, 2 * width, config.n, calls=30)
    kernels = 10.0 * config.n**3 + 4.0 * config.n**2 * config.features * config.m
    return total + Work(solves=4 * seeds * kernels * (len(config.alpha) + len(config.widths)))
