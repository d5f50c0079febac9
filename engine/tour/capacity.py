"""Stops on capacity and bounds: random labels, the vacuous bound, what follows (exercise 3), and bounds that are not wrong (watch out 4).

Zhang et al. 2017, arXiv:1611.03530; Dziugaite, Roy 2017, arXiv:1703.11008; Nagarajan, Kolter 2019, arXiv:1902.04742.
"""

from __future__ import annotations

from engine.contract.session import Snapshot
from engine.contract.tour import Choice, Found, Number, Stop, Undecided, written
from engine.tour.reading import holds, number, percent, value

FITTED, CHANCE = 0.99, 0.3  # training accuracies: from which all labels count as fitted, up to which none was learnt
GUESSING = 0.5  # error of guessing one of two classes
CLOSE = 2.0  # times the test error that still count as close to it


def memorised(snapshot: Snapshot) -> Found:
    """How much of the random labels the network fits."""
    accuracy = 1 - value(snapshot, "train_error_random")
    place = 0 if accuracy <= CHANCE else 1 if accuracy < FITTED else 2
    sentence = f"On random labels the training accuracy ends at {percent(accuracy)}"
    if place == 2:
        sentence += f", in {written(value(snapshot, 'slowdown'))} times as many steps as on true ones"
    wrong = percent(value(snapshot, "test_error_random")), percent(value(snapshot, "test_error_true"))
    return Found(place, f"{sentence}. New images: {wrong[0]} wrong, after true labels {wrong[1]}.")


def bound_size(snapshot: Snapshot) -> Found:
    """How large the VC bound is beside the error it bounds."""
    bound, random, error = value(snapshot, "vc_true"), value(snapshot, "vc_random"), value(snapshot, "test_error_true")
    place = 3 if bound >= 1 else 2 if bound >= GUESSING else 1 if bound > CLOSE * error else 0
    sentence = f"The VC bound is {percent(bound)} on true labels and {percent(random)} on random ones; the test error is {percent(error)}."
    return Found(place, sentence)


def ruled_out(snapshot: Snapshot) -> Found:
    """What a pair of labellings that the same class fits rules out: bounds of the class, and of no other kind."""
    if not (holds(snapshot, "VB1") and holds(snapshot, "VB2")):
        raise Undecided("in this run a bound of the class is below 1, or differs between true and random labels")
    true, random = value(snapshot, "certificate_true"), value(snapshot, "certificate_random")
    if not true < 1:
        raise Undecided(f"in this run the PAC-Bayes certificate is {written(true)} on true labels: no bound of another kind stands")
    more = ", and larger on random ones" if random > true else ""
    sentence = (
        "The bounds of the class exceed 1 for both labellings, by the same terms; a bound that looks at the weights found "
        f"is below 1 on true labels{more}."
    )
    return Found(0, sentence)


def certificate(snapshot: Snapshot) -> Found:
    """The PAC-Bayes certificate on true labels."""
    error, bound = value(snapshot, "stochastic_test_error_true"), value(snapshot, "certificate_true")
    sentence = (
        f"Certified {written(bound)}, test error of the blurred network {written(error)}: {written(bound / error)} times as much. "
        f"VC says {written(value(snapshot, 'vc_true'))}."
    )
    return number(snapshot, "certificate_true", sentence)


BOUNDS = {"follow": "nothing"}
OF_THE_CLASS = ("VC", "parameters", "Rademacher")  # bars that say what stops 2 and 3 ask, and nothing of stop 4's answer
BESIDE = {"vacuous*": "", "useless*": "guessing", "test error*": ""}  # what a bound is compared with

STOPS = (
    Stop(
        name="random-labels",
        title="Random labels",
        concept="Memorisation",
        page="the experiment",
        phenomenon="random-labels",
        figure="train-accuracy",
        given=("train-accuracy/true",),
        shown=("train-accuracy/true", "train-accuracy/random"),
        setting="A network with a hidden layer of {width} neurons fits {n} handwritten digits, and reads most new ones.",
        ask="Now each label is drawn at random, whatever the image shows. The same network, with the same settings: what becomes of its "
        "training accuracy?",
        question=Choice(
            (
                "It stays at chance: there is nothing to learn",
                "It fits part of the labels, and then no more",
                "It fits them all, only later",
            )
        ),
        find=memorised,
        explanation="One class of functions holds a network that reads digits and one that knows a thousand random labels by heart. So "
        "nothing that depends on the class alone can say why the first one generalises: it would have to say the same of the second.",
        formula="labels +1, -1, training accuracy a on one random draw: empirical Rademacher complexity >= 2a - 1 - "
        "sqrt(2 ln(1/delta)/n), at confidence 1 - delta",
        claims=("RL1", "RL2", "RL4"),
    ),
    Stop(
        name="vacuous-bound",
        title="A bound on the error",
        concept="A vacuous bound",
        page="definition",
        phenomenon="vacuous-bounds",
        knobs=BOUNDS,
        figure="bounds",
        bars=OF_THE_CLASS,
        marked=BESIDE,
        setting="A network learns from {n} images to tell the digits 0-4 from 5-9. A VC bound adds to its training error a term for the "
        "class of all networks of this shape.",
        ask="How large is the bound on its error?",
        question=Choice(
            (
                "Close to the error on new images",
                "Well above it, but below the 50 % of guessing",
                "Between 50 % and 100 %",
                "Above 100 %",
            )
        ),
        find=bound_size,
        explanation="An error is at most 1, so a bound of 1 or more is vacuous: true, and known before. From the error of guessing on it "
        "is useless. Once the class can label 2n points in every way, the term is a constant, however large n is.",
        formula="Rhat + sqrt((8/n)(min(V ln(2en/V), 2n ln 2) + ln(4/delta))); the growth capped at 2^(2n): sqrt(16 ln 2) = 3.33",
        claims=("VB1", "VB2"),
    ),
    Stop(
        name="exercise-3",
        title="What random labels prove",
        concept="What is refuted",
        page="exercise 3",
        phenomenon="vacuous-bounds",
        knobs=BOUNDS,
        figure="bounds",
        bars=OF_THE_CLASS,
        marked=BESIDE,
        setting="The network of the stop before has fitted random labels too, and on these it errs as often as guessing does.",
        ask="What does that rule out as the reason of its small error on true labels?",
        question=Choice(
            (
                "Every bound whose term belongs to the class, blind to labels and training",
                "Every bound on the error, whatever it looks at",
                "Nothing: with enough images the bounds of the class work again",
            )
        ),
        find=ruled_out,
        explanation="One labelling that was fitted puts the Rademacher complexity near 1; it does not show that every labelling can be "
        "fitted. Bounds over the class are vacuous with it. Bounds that look at weights, data or algorithm are not touched; against "
        "two-sided uniform convergence, even over what the algorithm finds, there is another example (VB8).",
        formula="Rhat + Rad + 3 sqrt(ln(2/delta)/(2n)), with Rad = 1 once random signs are fitted",
        claims=("VB1", "VB2", "VB8"),
    ),
    Stop(
        name="not-wrong",
        title="A bound of another kind",
        concept="Valid, not tight",
        page="watch out 4",
        phenomenon="vacuous-bounds",
        knobs=BOUNDS,
        figure="bounds",
        bars=(*OF_THE_CLASS, "PAC-Bayes"),
        marked=BESIDE,
        setting="Noise is added to the weights, as much as training can find without spoiling the fit. For this blurred network PAC-Bayes "
        "bounds the error by how far the weights went from where they began.",
        ask="Which error does it certify, as a share (0 none, .5 guessing, 1 all)?",
        question=Number("certified error", 0.0, 5.0, 0.2, log=False, axis="y"),
        find=certificate,
        explanation="A bound that is never below the error is right, the classical ones too; they are far too large. This one is below 1 "
        "because it asks for the weights, and on random labels it goes back to nearly 1, as it must. It is still several times the "
        "error: it certifies, it does not explain.",
        formula="kl_inv(q, B), B = (KL + ln(pi^2 n/(6 delta)) + 2 ln j)/(n - 1); q: upper end of the draws' training error, j: which prior",
        claims=("VB4", "VB5", "VB6"),
    ),
)
