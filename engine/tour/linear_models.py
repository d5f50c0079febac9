"""Stops on linear models: the interpolation threshold, the least norm (theorem, exercise 1), and the largest margin.

Belkin, Hsu, Xu 2020, arXiv:1903.07571; Gunasekar et al. 2018, arXiv:1802.08246; Soudry et al. 2018, arXiv:1710.10345; Cover 1965.
"""

from __future__ import annotations

from engine.contract.session import Snapshot
from engine.contract.tour import Choice, Found, Number, Sketch, Stop, Undecided, written
from engine.tour.reading import at_handles, curve, height, last, value

REACHED = 1e-6  # relative distance of a norm to its minimum at which it counts as reached
LEAST = {"least that fits": "least that fits"}  # as figure norm-ratios marks it
NORMS = {"l1": 1, "l2": 2, "linf": 3}  # groups of curves in figure norm-ratios, and the options that name them


def worst_place(snapshot: Snapshot) -> Found:
    """Where the test error peaks, in features a sample."""
    peak, n = value(snapshot, "test_mse_peak_d"), float(snapshot.config["n"])
    sentence = (
        f"The median test MSE peaks at d = {written(peak)}, at {written(value(snapshot, 'test_mse_peak'))}; "
        f"its least beyond n is {written(value(snapshot, 'valley_beyond_mse'))}."
    )
    return Found(peak / n, sentence)


def least_norm(snapshot: Snapshot) -> Found:
    """Which norm gradient descent ends with at its least."""
    excess = {group: last(curve(snapshot, f"norm-ratios/{group}")) - 1 for group in NORMS}
    reached = [place for group, place in NORMS.items() if excess[group] <= REACHED]
    if len(reached) != 1:
        raise Undecided(f"by {snapshot.unit} {snapshot.step:,} {len(reached)} of three norms are at their least")
    others = " and ".join(f"{name} {written(100 * excess[group])} %" for group, name in (("l1", "l1"), ("linf", "l-infinity")))
    sentence = (
        f"The Euclidean norm ends at the least of all solutions; {others} above theirs. "
        f"Distance to X^+ y: {written(value(snapshot, 'distance_gd'))}."
    )
    return Found(reached[0], sentence)


LENGTHS = Sketch(at=(1.7, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5), lo=0.1, hi=10.0, start=1.0, near=1.3)


def lengths(snapshot: Snapshot) -> Found:
    """The length of the shortest solution against d/n."""
    drawn = curve(snapshot, "norm-vs-d/draws")
    ends = f"{written(height(drawn, 2.0))} at d = 2n and {written(last(drawn))} at d = {written(float(drawn.x[-1]))} n"
    return at_handles(LENGTHS, [drawn], True, f"The length, rms of {snapshot.config['draws']} draws, is {ends}.")


DIRECTION = Sketch(at=(10.0, 1e3, 1e10, 1e20, 1e30, 1e45, 1e59), lo=1e-6, hi=1.0, start=0.3, near=2.0, what="distance to w_hat/|w_hat|")


def direction(snapshot: Snapshot) -> Found:
    """How far the direction of the weights is from the largest margin's, over time."""
    flow = curve(snapshot, "direction-error/flow")
    early, late = height(flow, 1e10), last(flow)
    sentence = (
        f"It is {written(early)} at s = 1e10 and {written(late)} at s = {written(float(flow.x[-1]))}: a factor of {written(early / late)}. "
        f"Times ln s it ends at {written(value(snapshot, 'direction_constant'))}; the limit is "
        f"{written(value(snapshot, 'direction_constant_theory'))}."
    )
    return at_handles(DIRECTION, [flow], True, sentence)


STOPS = (
    Stop(
        name="interpolation-threshold",
        title="Features and samples",
        concept="The interpolation threshold",
        page="definition",
        phenomenon="interpolation-threshold",
        figure="test-mse",
        setting="Least squares with d features on n = {n} noisy samples; where several solutions fit exactly, the shortest. d grows from "
        "a few to {d_max} n.",
        ask="At which d/n is the error on new data the largest?",
        question=Number("d/n", 0.01, 10.0, 1.2, axis="x"),
        find=worst_place,
        explanation="At d = n the fit is exact for the first time, and only just: X is square, its smallest singular value is nearly 0, "
        "and what is divided by it blows up, noise included. Below, samples to spare average the noise; beyond, there are many fits to "
        "choose from.",
        formula="d = n for least squares, n = 2d to separate random labels linearly, about nK weights for one-hot squared loss; training "
        "MSE sigma^2 (1 - d/n) below n",
        claims=("IT1", "IT3", "IT5"),
    ),
    Stop(
        name="implicit-bias",
        title="Where gradient descent ends",
        concept="Implicit bias: the least norm",
        page="theorem",
        phenomenon="min-norm",
        figure="norm-ratios",
        shown=("norm-ratios/l1", "norm-ratios/l2", "norm-ratios/linf"),
        marked=LEAST,
        setting="{n} equations X w = y in {d} unknowns: infinitely many solutions. Gradient descent on |X w - y|^2/2 starts at w = 0 and "
        "goes on until they hold.",
        ask="Which solution does it end at?",
        question=Choice(
            (
                "One that depends on the length of its steps",
                "The sparsest: least l1 norm",
                "The shortest: least Euclidean norm",
                "The flattest: least l-infinity norm",
            )
        ),
        find=least_norm,
        explanation="Every gradient X^T (X w - y) is a combination of the rows of X. From 0 descent never leaves their span, and only one "
        "solution lies in it: the shortest. Other starts in the span, momentum and SGD end there as well (MN5); what a start has outside, "
        "it keeps; Adam ends elsewhere.",
        formula="w* = X^+ y = X^T (X X^T)^-1 y; from w_0: X^+ y + P_null w_0, for steps 0 < eta < 2/s_max^2",
        claims=("MN1", "MN2", "MN6"),
    ),
    Stop(
        name="exercise-1",
        title="The length of the solution",
        concept="Shorter with every feature",
        page="exercise 1",
        phenomenon="min-norm",
        figure="norm-vs-d",
        shown=("norm-vs-d/expected", "norm-vs-d/draws"),
        setting="n = {n} samples, and more and more features d, always beyond n. The truth keeps its length 1; the noise is the same.",
        ask="Draw the length |w*| of the shortest exact solution against d/n.",
        question=LENGTHS,
        find=lengths,
        explanation="It falls. With y as it is, one more column cannot hurt: every old solution is one still, with a 0 in the new place. "
        "And the more directions there are, the less each has to give to fit the noise.",
        formula="E|w*|^2 = r2 n/d + sigma^2 n/(d - n - 1) for d >= n + 2; at d = 2n: r2/2 + sigma^2 n/(n - 1); r2: the truth's "
        "squared length",
        claims=("MN8", "MN9"),
    ),
    Stop(
        name="max-margin",
        title="The direction of the weights",
        concept="Implicit bias: the largest margin",
        page="classification",
        phenomenon="max-margin",
        figure="direction-error",
        setting="Four separable points, logistic loss: it is never 0, so the weights grow for ever. Their direction goes to that of the "
        "separator with the largest margin, w_hat.",
        ask="Draw how far it is from there, |w/|w| - w_hat/|w_hat||, against time s = eta t.",
        question=DIRECTION,
        find=direction,
        explanation="On logarithmic axes it hardly falls: like 1/ln t. The defect of the angle, 1 - cos, goes like 1/ln^2 t, the loss "
        "like 1/t. Meanwhile the loss on new points rises where the separator errs (MM9), and their error stays. Beyond the last true step "
        "(dots) the curve is the gradient flow.",
        formula="w(t) = w_hat ln t + w_tilde + o(1); distance = |(I - P) w_tilde|/(|w_hat| ln t) + O(1/ln^2 t), P projects on w_hat",
        claims=("MM2", "MM7", "MM9"),
    ),
)
