"""What the nested fits of every draw compute, and the two companions, random ReLU features and digits; or the draws of a study.

Operations of dense factorisations: Golub, Van Loan 2013, Matrix Computations.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.contract.work import Work, perceptron, training
from engine.data.registry import source
from engine.data.regression import tests_of
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.fourier.problem import WIDTH, memory, sizes, tests
from engine.phenomena.double_descent.network import problem as network

RELU = 180  # samples of the random-feature companion
TEST = 1000  # digits that its fits are tried on
PENALTIES = 20  # ridges between which the tuned one is searched
SIZES = 26  # numbers of samples of multiple descent, about
TRIGONOMETRY = 10.0  # numbers written in the time of a cosine
DECOMPOSED = 12.0  # operations of singular values and vectors, over the matrix' size times its shorter side
OF_A_STEP = 40.0  # operations on small arrays of a step of networks
TIMES, EXPONENTIALS = 402, 60.0  # of early stopping; operations of a matrix exponential over the cube of its side


def work(config: DoubleDescentConfig, seeds: int) -> Work:
    """Every draw is fitted at every p at once: about eight products of its features with its samples."""
    if config.study == "multiple-descent":
        d = float(config.directions)
        draw = Work(solves=DECOMPOSED * SIZES * d**3, elements=10.0 * SIZES * d**2, calls=60.0 * SIZES)
        return draw.times(config.draws * seeds)
    if config.study == "early-stopping":
        return _early_stopping(config, seeds)
    if config.study == "fourier-features":
        return _fourier_features(config, seeds)
    if config.study == "network":
        return _networks(config, seeds)
    samples, features, tests = float(config.n), float(config.most), float(tests_of(config.dataset, config.n))
    fit = (
        24.0 * samples**2 * features
        + 4.0 * tests * samples * features
        + (10.0 * samples**3 * PENALTIES if config.tuned or config.ridge else 0.0)
    )
    relu = config.relu_draws * 12.0 * RELU**2 * 8 * RELU
    digits = 28.0 * config.digits * (config.digits + TEST) * config.digit_features
    drawn = Work(solves=config.draws * fit, elements=20.0 * config.draws * samples * features, calls=200.0 * config.draws * 60)
    return (drawn + Work(solves=relu + digits)).times(seeds)


def _early_stopping(config: DoubleDescentConfig, seeds: int) -> Work:
    """Singular values of every problem, and shares of its directions at every time; then matrix exponentials."""
    total, n, spectra = Work(), float(config.n), 1 if config.own_spectrum else 2
    for d in set(config.sizes):
        short = min(n, d)
        draw = Work(solves=DECOMPOSED * n * d * short, elements=8.0 * TIMES * short + 10.0 * n * d, calls=60)
        total += draw.times(config.draws * seeds)
        if config.weight_draws:
            total += Work(solves=EXPONENTIALS * 8.0 * d**3 + 8.0 * config.weight_draws * d * (n + d))
    return total.times(spectra)


def _networks(config: DoubleDescentConfig, seeds: int) -> Work:
    """Every width for all its epochs: how many are saved below the threshold, where an epoch may misread no image, is not known before."""
    total, steps = Work(), config.epochs * (config.examples // config.batch)
    for width in network.widths(config):
        weights, hidden = perceptron(network.inputs(config), width, 1, network.classes(config))
        total += training(seeds, steps, weights, hidden, config.batch, calls=OF_A_STEP)
    return replace(total, parameters=network.parameters(config, network.widths(config)[-1]), memory=network.memory(config, seeds))


def _fourier_features(config: DoubleDescentConfig, seeds: int) -> Work:
    """Features, kernels of training and test images, and a factorisation at every N beyond n."""
    n, t, N = float(config.examples), float(tests(config)), float(config.most_features)
    d = math.prod(source(config.images).shape)
    chosen = sizes(config.examples, config.most_features)
    factored = float((chosen > n).sum()) + 1
    made = 2.0 * d * N * (n + t)
    curve = Work(
        solves=made + N * n * (n + 2.0 * t) + factored * n**3 / 3 + 4.0 / 3 * n**3 + t * n * 20.0 * chosen.size,
        elements=TRIGONOMETRY * N * (n + t) + 3.0 * N / WIDTH * n * (n + t), calls=100.0 * N / WIDTH,
        parameters=int(N) * source(config.images).classes, memory=memory(config),
    )  # fmt: skip
    return curve.times(config.draws * seeds)
