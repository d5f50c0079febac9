"""Stops on double descent: the curve (proposition), its parts (exercise 2), and three warnings (watch out 1 to 3).

Belkin, Hsu, Xu 2020, arXiv:1903.07571; Hastie et al. 2022, arXiv:1903.08560; Nakkiran et al. 2020, arXiv:1912.02292; 2021,
arXiv:2003.01897.
"""

from __future__ import annotations

import numpy as np

from engine.contract.session import Snapshot
from engine.contract.tour import Choice, Found, Number, Sketch, Stop, Undecided, written
from engine.tour.reading import at_handles, curve, height, percent, value

RISE = 0.1  # relative rise above what came before from which a curve has a peak
BESIDE = 0.1  # of p/n: farther from 1 than this, a peak has moved
EQUAL = 0.02  # relative difference of two valleys that counts as none

CURVE = Sketch(at=(0.05, 0.5, 0.85, 1.0, 1.3, 2.5, 5.0), lo=0.5, hi=100.0, start=2.0, near=2.0, what="MSE")


def down_up_down(snapshot: Snapshot) -> Found:
    """The test error against p/n: medians where means are a matter of luck, else means."""
    near, far = curve(snapshot, "test-mse/zero-median"), curve(snapshot, "test-mse/zero")
    valleys = [
        f"{written(value(snapshot, f'{which}_valley_mse'))} at p = {written(value(snapshot, f'{which}_valley_p'))}"
        for which in ("first", "second")
    ]
    sentence = f"Lowest below n: {valleys[0]}. At p = n the median is {written(height(near, 1.0))}. Lowest beyond: {valleys[1]}."
    return at_handles(CURVE, [near, far], False, sentence)


def variance_at_2n(snapshot: Snapshot) -> Found:
    """The variance of the shortest fit with twice as many features as samples, by the variance of the noise."""
    noise, r2 = float(snapshot.config["sigma"]) ** 2, float(snapshot.config["r2"])
    drawn = curve(snapshot, "given-inputs/variance")
    place = int(np.nanargmin(np.abs(drawn.x - 2.0)))
    if drawn.lo is None or drawn.hi is None or not noise or not r2:
        raise Undecided("the run has no draws with noise to take a variance over")
    bias = height(curve(snapshot, "given-inputs/bias"), 2.0)
    sentence = f"Squared bias over r2 is {written(bias / r2)} there; closest to n the variance is {written(_largest(drawn.y) / noise)}."
    return Found(float(drawn.y[place]) / noise, sentence, float(drawn.lo[place]) / noise, float(drawn.hi[place]) / noise)


def _largest(heights: np.ndarray) -> float:
    return float(np.nanmax(heights))


def tuned_peak(snapshot: Snapshot) -> Found:
    """What the best ridge makes of the peak."""
    best = curve(snapshot, "ridge/best")
    rise = best.y / np.minimum.accumulate(best.y) - 1
    highest = int(np.argmax(rise))
    place = 2 if rise[highest] < RISE else 0 if abs(best.x[highest] - 1) <= BESIDE else 1
    exact = height(curve(snapshot, "test-mse/zero-median"), 1.0)
    sentence = (
        f"At p = n the mean test MSE is {written(height(best, 1.0))} with the best ridge; without, the median is {written(exact)}. "
        f"Here the tuned curve rises by {percent(float(rise[highest]))} at most."
    )
    return Found(place, sentence)


SAMPLES = Sketch(at=(10.0, 25.0, 50.0, 90.0, 130.0, 300.0, 1000.0), lo=0.01, hi=100.0, start=0.5, near=2.0)


def more_samples(snapshot: Snapshot) -> Found:
    """The risk of one linear model against the number of its samples: simulated at two of them, exact at all."""
    exact, drawn = curve(snapshot, "samples-exact/formula"), curve(snapshot, "samples-exact/simulated")
    ends = ", ".join(f"{written(y)} at n = {written(x)}" for x, y in zip(drawn.x.tolist(), drawn.y.tolist(), strict=True))
    sentence = f"The risk is {ends} (simulated), and {written(float(exact.y[-1]))} in the end (exact)."
    return at_handles(SAMPLES, [drawn, exact], True, sentence)


def valleys(snapshot: Snapshot) -> Found:
    """Which of the two valleys is the lower one."""
    ratio = value(snapshot, "valley_ratio")
    place = 2 if abs(ratio - 1) <= EQUAL else 0 if ratio < 1 else 1
    found = [(value(snapshot, f"{which}_valley_mse"), value(snapshot, f"{which}_valley_p")) for which in ("first", "second")]
    sentence = "; ".join(
        f"lowest {where} n: test MSE {written(mse)} at p = {written(p)}" for where, (mse, p) in zip(("below", "beyond"), found, strict=True)
    )
    return Found(place, f"{sentence[0].upper()}{sentence[1:]}.")


HEAD = {"digits": 0, "relu_draws": 0}
ISOTROPIC = {"n": 100, "D": 400, "draws": 150}  # of preset hastie-isotropic

STOPS = (
    Stop(
        name="double-descent",
        title="From few features to many",
        concept="Double descent",
        page="proposition",
        phenomenon="double-descent",
        knobs=HEAD,
        figure="test-mse",
        shown=("test-mse/zero*",),
        setting="Least squares on the first p of {D} features, from {n} noisy samples; beyond p = n the shortest exact fit.",
        ask="Draw the test error against p/n, from almost no features to all of them.",
        question=CURVE,
        find=down_up_down,
        explanation="Down (here only a little), up, down. At p = n the fit goes through every noisy point and has no choice how. "
        "Beyond, it has, and the shortest spreads the noise thinly. That the second valley is the lower one is this model's doing: here a "
        "feature that is left out acts as noise.",
        formula="p <= n-2: (|b_C|^2 + sigma^2)(1 + p/(n-p-1)); p >= n+2: |b_T|^2 (1 - n/p) + (|b_C|^2 + sigma^2)(1 + n/(p-n-1)); "
        "b_T: weights of what is fitted, b_C: of what is left out",
        claims=("DD2", "DD3", "DD9"),
    ),
    Stop(
        name="exercise-2",
        title="Bias and variance",
        concept="Bias and variance of the least norm",
        page="exercise 2",
        phenomenon="double-descent",
        preset="hastie-isotropic",
        knobs=ISOTROPIC,
        figure="given-inputs",
        setting="Isotropic features; the truth, of squared length r2 = {r2}, uses exactly the p that are fitted, all alike. n = {n} "
        "samples, noise sigma = {sigma}. Fits differ by the noise they saw.",
        ask="How large is the variance of their predictions at p = 2n, over sigma^2?",
        question=Number("variance/sigma^2", 0.01, 1000.0, 1.5, axis="y"),
        find=variance_at_2n,
        explanation="(a) Towards n from below, nothing is left to average the noise with: the variance diverges. (b) Beyond n, p - n "
        "directions to spare share the noise. (c) The part of the truth outside the rows of X is lost: squared bias 0 up to n, then "
        "r2 (1 - n/p): a kink, no smooth curve.",
        formula="variance/sigma^2: p/(n-p-1) below n, n/(p-n-1) beyond; for large n 1/(gamma - 1), gamma = p/n",
        claims=("DD5", "DD9"),
    ),
    Stop(
        name="not-always-best",
        title="With a ridge",
        concept="The shortest is not the best",
        page="watch out 1",
        phenomenon="double-descent",
        knobs=HEAD,
        figure="ridge",
        shown=("ridge/zero*", "ridge/best*"),
        setting="The model of double descent once more, now fitted with a ridge: |X w - y|^2 + lam |w|^2, the best lam for every p. "
        "lam = 0 is the shortest exact fit.",
        ask="What becomes of the peak at p = n?",
        question=Choice(("It stays there, but lower", "It moves to another p", "It is gone")),
        find=tuned_peak,
        explanation="Least norm is what descent does, and no promise that it is best. Giving up the exact fit costs a little bias and "
        "saves the variance: where all features count alike, the best ridge is at no p above the shortest fit, and never rises with p "
        "(DD4). A small ridge only flattens the peak.",
        formula="best lam = p (sigma^2 + |b_C|^2)/|b_T|^2",
        claims=("DD4",),
    ),
    Stop(
        name="complexity",
        title="More and more samples",
        concept="Effective complexity",
        page="watch out 2",
        phenomenon="deep-double-descent",
        knobs={"h": (2,), "steps": 100, "samples": (0,)},
        figure="samples-exact",
        setting="One linear model with d = 100 weights and noisy samples. The model stays as it is; only the number n of samples grows.",
        ask="Draw its risk against n.",
        question=SAMPLES,
        find=more_samples,
        explanation="More data can hurt: what peaks is not a number of weights but the place where this model can just fit its samples. "
        "Training time moves that place too (DDD6), and so do noise and regularisation. The axis is effective complexity.",
        formula="n <= d-2: r2 (1 - n/d) + sigma^2 n/(d-n-1); n >= d+2: sigma^2 d/(n-d-1). EMC(T) = max{n: E[training error] <= eps}",
        claims=("DDD8", "DDD6"),
    ),
    Stop(
        name="not-always-helps",
        title="Two valleys",
        concept="More is not always better",
        page="watch out 3",
        phenomenon="double-descent",
        preset="hastie-isotropic",
        knobs=ISOTROPIC,
        figure="test-mse",
        shown=("test-mse/zero*", "test-mse/minima*"),
        setting="The model of exercise 2: the truth has as many features as are fitted, squared length r2 = {r2}, and sigma = {sigma}. "
        "In the stop on double descent the lower valley lay beyond n.",
        ask="And here?",
        question=Choice(("Beyond n again: more parameters win in the end", "Below n", "Both are equally deep")),
        find=valleys,
        explanation="Double descent says that the error falls again, not how far. Here it even rises once more: fitting ever more "
        "directions with the same samples loses ever more of the truth. Other spectra, and lazy networks, can fail too.",
        formula="risk beyond n: r2 (1 - 1/gamma) + sigma^2/(gamma - 1); least at gamma = s/(s - 1); gamma = p/n, s = sqrt(r2)/sigma > 1",
        claims=("DD3", "DD2"),
    ),
)
