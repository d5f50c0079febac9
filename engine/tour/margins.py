"""Stops on classifiers that the page leaves open: from where on noisy labels can be separated, and whose margin mirror descent widens.

Candes, Sur 2020, arXiv:1804.09753; Deng, Kammoun, Thrampoulidis 2022, arXiv:1911.05822; Sun et al. 2022, arXiv:2205.12808; Cover 1965.
"""

from __future__ import annotations

from engine.contract.session import Snapshot
from engine.contract.tour import Choice, Found, Number, Stop, written
from engine.tour.reading import curve, height, number, percent, value

OWN, EUCLIDEAN, DUAL = 1.5, 2.0, 3.0  # exponents of norms: of the potential, of gradient descent, 1/1.5 + 1/3 = 1
PLACES = {EUCLIDEAN: 0, OWN: 1, DUAL: 2}  # and the options that name them
LARGEST, NONE = 0.98, 3  # share of the largest margin from which it counts as reached (claim MIR3's)


def separable(snapshot: Snapshot) -> Found:
    """From which d/n on noisy labels can be separated."""
    sentence = (
        f"The limit of large n and d is {written(value(snapshot, 'separable_from_theory'))}. At the ratio nearest to 1 the classifier of "
        f"largest margin errs on {percent(value(snapshot, 'draw_error'))} of new points. Where further features carry signal too, its "
        f"error falls by {written(value(snapshot, 'second_descent'))} from .4 to 1."
    )
    return number(snapshot, "separable_from", sentence)


def widened(snapshot: Snapshot) -> Found:
    """In which norm mirror descent with p = 1.5 ends with the largest margin there is."""
    reached = curve(snapshot, f"mirror-norms/p-{OWN:g}")
    shares = {p: height(reached, p) for p in PLACES}
    best = max(shares, key=lambda p: shares[p])
    words = ", ".join(f"{percent(shares[p])} in l{p:g}" for p in sorted(shares))
    return Found(PLACES[best] if shares[best] >= LARGEST else NONE, f"Its margin comes to these shares of the largest: {words}.")


STOPS = (
    Stop(
        name="separable-labels",
        title="Noisy labels and features",
        concept="The separability threshold",
        page="beyond",
        phenomenon="max-margin",
        preset="asymptotics",
        figure="separable",
        setting="{n} points; a label is + with probability 1/(1 + exp(-{r} x1)), so that the best classifier errs too. Useless features "
        "are added one by one. If a coin drew the labels, a plane through 0 could separate them from d = n/2 on.",
        ask="From which d/n on can a plane separate these?",
        question=Number("d/n", 0.01, 10.0, 1.5, axis="x"),
        find=separable,
        explanation="x1 explains most labels, the other features only have to explain the rest. Below psi* logistic regression has a "
        "solution; above, its weights diverge in the direction of the largest margin (AM2). Here the test error only rises; with features "
        "that carry signal it peaks near psi* and falls again: a second descent (AM3).",
        formula="psi* = min_t E max(0, Z - t V)^2, V = y x1, Z normal; 1/2 without signal",
        claims=("AM1", "AM2", "AM3"),
    ),
    Stop(
        name="mirror-descent",
        title="Another geometry of steps",
        concept="Mirror descent: the largest margin in its own norm",
        page="beyond",
        phenomenon="max-margin",
        preset="mirror",
        figure="mirror-norms",
        setting="{n} separable points of {d} features. Gradient descent goes to the largest margin in the l2 norm. Mirror descent moves, "
        "instead of w, the gradient of a potential of w, here |w|^1.5/1.5 summed over the weights.",
        ask="Which margin does this potential make the largest?",
        question=Choice(
            (
                "In l2 as well: a potential changes the path alone",
                "In l1.5, its own norm",
                "In l3, the norm dual to its own",
                "None: it stops short of all of them",
            )
        ),
        find=widened,
        explanation="Potentials p = 1.5, 2 and 3 each reach 1 at their own norm and nowhere else (MIR4); p = 2 is gradient descent, and "
        "its separator the SVM's (MIR5). Small p keeps few features, large p uses all. Same data, same loss: the geometry of the steps "
        "chooses the classifier.",
        formula="grad psi(w') = grad psi(w) - eta grad L(w), psi = |w|_p^p/p; w/|w|_p -> argmax min z.w over |w|_p <= 1",
        claims=("MIR3", "MIR4", "MIR5"),
    ),
)
