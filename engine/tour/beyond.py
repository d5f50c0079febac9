"""Stops on what the page leaves open: signs that are learnt where values are not, features after the fit, noise that chooses the solution.

Muthukumar et al. 2021, arXiv:2005.08054; Papyan, Han, Donoho 2020, arXiv:2008.08186; Hui et al. 2022, arXiv:2202.08384; HaoChen et al.
2020, arXiv:2006.08680.
"""

from __future__ import annotations

import numpy as np

from engine.contract.declared import Axis
from engine.contract.drawn import Series
from engine.contract.session import Snapshot
from engine.contract.tour import Choice, Found, Joined, Part, Stop, Undecided, written
from engine.tour.reading import curve, height, last, percent, value

BETWEEN = "q0.75"  # between the two thresholds of the bi-level ensemble
SHRINKS = 3.0  # times smaller, or larger, from which features have gone on moving
ARMS = {"true": "true", "random": "shuffled"}
SPARSE, SAME = 1.1, 0.05  # l1 norm over the truth's up to which a solution is the sparse one; relative distance from descent's


def signs_and_values(snapshot: Snapshot) -> Found:
    """Which of two fits of the same points gets better with n: of the signs, of the values."""
    signs, values = (curve(snapshot, f"{name}/{BETWEEN}/simulation") for name in ("class-error", "regression-risk"))
    if len(signs.x) < 2:
        raise Undecided("the run has one size n alone")
    better = _falls(signs), _falls(values)
    places = {(True, True): 0, (True, False): 1, (False, True): 2, (False, False): 3}
    sizes = f"from n = {written(float(signs.x[0]))} to {written(float(signs.x[-1]))}"
    sentence = (
        f"Wrong signs go from {percent(float(signs.y[0]))} to {percent(last(signs))} {sizes}; the squared error of the values from "
        f"{written(float(values.y[0]))} to {written(last(values))} times that of predicting 0."
    )
    return Found(places[better], sentence)


def _falls(series: Series) -> bool:
    return bool(series.y[-1] < series.y[0])


def after_the_fit(snapshot: Snapshot) -> Found:
    """What the features of training images do once every label is fitted, on true and on shuffled labels."""
    ratios = {}
    for arm in ARMS:
        fitted, scatter = value(snapshot, f"fitted_step_{arm}"), curve(snapshot, f"nc1/{arm}")
        ratios[arm] = height(scatter, fitted) / last(scatter)
    closer = {arm: ratio >= SHRINKS for arm, ratio in ratios.items()}
    farther = ratios["true"] <= 1 / SHRINKS
    place = 3 if farther else 2 if all(closer.values()) else 1 if closer["true"] else 0
    falls = ", ".join(
        f"from step {written(value(snapshot, f'fitted_step_{arm}'))} on by {written(ratio)} times with {ARMS[arm]} labels"
        for arm, ratio in ratios.items()
    )
    ends = written(value(snapshot, "nc1_test_true")), written(value(snapshot, "nc1_true"))
    return Found(place, f"It shrinks {falls}. It ends at {ends[1]} on true labels; on test images at {ends[0]}.")


def chosen_by_noise(snapshot: Snapshot) -> Found:
    """Where noise on the labels takes a diagonal network, beside the same network without."""
    noisy, quiet, other = (value(snapshot, name) for name in ("noise_l1", "noise_l1_gd", "noise_l1_weights"))
    place = 1 if noisy <= SPARSE else 0 if np.isclose(noisy, quiet, rtol=SAME) else 2 if noisy > quiet else 3
    sentence = (
        f"l1 norm over the truth's: {written(noisy)} with noise on the labels, {written(quiet)} without any, and {written(other)} with "
        "Gaussian noise of the same size on the weights."
    )
    return Found(place, sentence)


STOPS = (
    Stop(
        name="signs",
        title="Signs and values",
        concept="Benign for classification alone",
        page="beyond",
        phenomenon="benign-overfitting",
        preset="classification",
        figure="class-error",
        joined=Joined(
            "Two fits of the same points",
            Axis("error on new points", lo=0.0, hi=1.1),
            (
                Part("class-error", f"class-error/{BETWEEN}/*", "wrong signs"),
                Part("regression-risk", f"regression-risk/{BETWEEN}/*", "squared error / that of predicting 0"),
            ),
        ),
        setting="n points with n^{p} Gaussian features. n^{r} of them are strong, and one of these, z, is the truth. The shortest exact "
        "fit is taken twice: of the values z, and of their signs, a share {flip} of them flipped.",
        ask="As n grows, what becomes of the two fits on new points?",
        question=Choice(
            (
                "Both get better",
                "The signs get better, the values do not",
                "The values get better, the signs do not",
                "Neither: who fits exactly learns nothing here",
            )
        ),
        find=signs_and_values,
        explanation="The fit keeps a part SU of z and adds CN from the other features. A value needs SU near 1, a sign SU far above CN: "
        "both may go to 0 as long as CN goes faster. So a classifier can be benign where regression is not (q = .75); with more weight "
        "on the strong features both are (q = .25), with less neither (q = 1.25).",
        formula="strong features share n^-q of the variance; wrong signs atan(CN/SU)/pi, risk (1 - SU)^2 + CN^2",
        claims=("SP4", "SP5", "SP6"),
    ),
    Stop(
        name="after-the-fit",
        title="After the last label is fitted",
        concept="Neural collapse",
        page="beyond",
        phenomenon="neural-collapse",
        figure="nc1",
        setting="A network learns digits, {per_class} images a class, once with true and once with shuffled labels. NC1 is the scatter of "
        "the features within a class over that between classes. From some step on every training label is right.",
        ask="What do the features of training images do from then on?",
        question=Choice(
            (
                "They stay: nothing is left to learn",
                "Each class draws together further with true labels, not with shuffled ones",
                "Each class draws together further, with shuffled labels as well",
                "They spread out: the network overfits",
            )
        ),
        find=after_the_fit,
        explanation="The loss is never quite 0 and decay pulls at the weights: the cheapest fit has a point for each class, the points at "
        "equal angles (CO2), and a last layer that is these points (CO3). Shuffled labels collapse too, so it says nothing of what was "
        "learnt; and test images do not follow (CO4).",
        formula="NC1 = tr(S_W pinv(S_B))/K; in the end cos = -1/(K - 1) between the centred means of K classes",
        claims=("CO1", "CO2", "CO4"),
    ),
    Stop(
        name="noise-chooses",
        title="Noise while it learns",
        concept="The algorithm chooses the solution",
        page="beyond",
        phenomenon="min-norm",
        preset="label-noise",
        figure="noise-l1",
        setting="{n} equations in {d} unknowns; among their many solutions is a w of {nonzeros} ones, else zeros. Gradient descent on u "
        "and v, with w = u^2 - v^2, ends far from it. Now the labels get fresh noise at every step; the last steps are without, until all "
        "equations hold.",
        ask="Where does it end with the noise?",
        question=Choice(
            (
                "Where it ends without: the noise has mean 0",
                "At the sparse solution, or nearly",
                "At one of larger norm: it has fitted noise",
                "At another dense one of smaller norm",
            )
        ),
        find=chosen_by_noise,
        explanation="The noise has mean 0, its square has not: every step takes a little from each u_j v_j, so that the scale which "
        "decides between solutions falls, and small scales are sparse (LN5). As much Gaussian noise on the weights does not (LN6). Same "
        "network, same data, same loss 0: the algorithm, its noise included, chooses.",
        formula="u v = alpha^2 prod_t (1 - 4 eta^2 g_t^2); scales fall like exp(-2 eta^2 delta^2 h_j t/n), h_j = mean of X_ij^2",
        claims=("LN1", "LN5", "LN6"),
    ),
)
