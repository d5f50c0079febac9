"""Stops on what happens beyond: grokking, benign overfitting, lazy training, and the edge of stability.

Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679; Bartlett et al. 2020, arXiv:1906.11300; Mallinar et al. 2022,
arXiv:2207.06569; Chizat et al. 2019, arXiv:1812.07956; Cohen et al. 2021, arXiv:2103.00065; Damian et al. 2023, arXiv:2209.15594.
"""

from __future__ import annotations

from engine.contract.session import Snapshot
from engine.contract.tour import Choice, Found, Number, Stop, Undecided, written
from engine.tour.reading import curve, last, number, slope, value

FALLS = -0.3  # log-log slope of the excess over n from which it goes to 0 (claim BO3's)
SPECTRA = {"exponential": 0, "power-2": 1, "exp-eps": 2}  # groups of curves, and the options that name them
NONE = 3
CORRELATED = 0.5  # rank correlation from which one thing goes with another


def grokked(snapshot: Snapshot) -> Found:
    """At which step the network understands."""
    step, early = value(snapshot, "grok_step"), value(snapshot, "memorise_step")
    sentence = (
        f"Training pairs were memorised at step {written(early)}, the others understood {written(step / early)} times as late. "
        f"By then a neuron's power was on its way to one frequency: in the end {written(value(snapshot, 'wave_share'))} of it."
    )
    return number(snapshot, "grok_step", sentence)


def benign(snapshot: Snapshot) -> Found:
    """Which spectrum makes the excess risk fall."""
    curves = {group: curve(snapshot, f"excess-risk/{group}/simulation") for group in SPECTRA}
    slopes = {group: slope(drawn) for group, drawn in curves.items()}
    falling = [place for group, place in SPECTRA.items() if slopes[group] < FALLS]
    if len(falling) > 1:
        raise Undecided("in this run the excess risk falls with more than one spectrum")
    words = ", ".join(f"n^{written(slopes[group])} with {drawn.label}" for group, drawn in curves.items())
    ends = " and ".join(f"{written(last(curves[group]))} with {curves[group].label}" for group in ("exponential", "exp-eps"))
    sentence = f"Excess risk goes like {words}. At their largest n it is {ends}."
    return Found(falling[0] if falling else NONE, sentence)


def rich(snapshot: Snapshot) -> Found:
    """How small the error of the network that moves is beside that of its linearisation."""
    moving, linear = value(snapshot, "test_error_rich"), value(snapshot, "test_error_linearised")
    moved = value(snapshot, "weight_change_rich"), value(snapshot, "weight_change_lazy")
    sentence = (
        f"Test MSE {written(moving)} against {written(linear)}. Weights moved by {written(moved[0])} of their length at the smallest "
        f"alpha, by {written(moved[1])} at the largest."
    )
    return number(snapshot, "rich_ratio", sentence)


def edge(snapshot: Snapshot) -> Found:
    """Where step size times sharpness settles."""
    small, control = value(snapshot, "eta_sharpness_smallest_eta"), value(snapshot, "eta_sharpness_control")
    sentence = (
        f"That is the longest step's; with the shortest one that gets there it is {written(small)}. A control with a still shorter step "
        f"has {written(control)} over its last 400 steps."
    )
    return number(snapshot, "eta_sharpness_largest_eta", sentence)


def stabilised(snapshot: Snapshot) -> Found:
    """What becomes of the sharpness where weights swing far along the top eigenvector."""
    rank = value(snapshot, "displacement_correlation")
    sentence = (
        f"x^2 over two steps and the change of S in them have rank correlation {written(rank)}. From there a quadratic model's loss grows "
        f"by a factor of {written(value(snapshot, 'model_growth'))} a step; the network's comes to "
        f"{written(value(snapshot, 'excursion_peak'))} times what it was there, then turns."
    )
    return Found(2 if rank <= -CORRELATED else 1 if rank >= CORRELATED else 0, sentence)


STOPS = (
    Stop(
        name="grokking",
        title="Memorising and understanding",
        concept="Grokking",
        page="phenomenon",
        phenomenon="grokking",
        figure="accuracy",
        given=("accuracy/train-main",),
        shown=("accuracy/train-main", "accuracy/test-main", "accuracy/test-no-decay"),
        setting="A network learns a + b mod {p} from {fraction} of all pairs, with weight decay {wd}. Once it has every pair of these "
        "right, it has hardly any of the others.",
        ask="At which step has it 95 % of the others right?",
        question=Number("step", 1.0, 1e6, 1.7, axis="x"),
        find=grokked,
        explanation="While training accuracy stands at 1, the weights go on: neuron after neuron becomes a single wave over the numbers "
        "mod p. The held-out margin grows long before accuracy jumps (GR5). Decay brings it about here; "
        "with more pairs it happens without (GR3).",
        formula="cos(2 pi f a/p + u) and cos(2 pi f b/p + v), added and squared, hold cos(2 pi f (a + b)/p + u + v): "
        "read out, cos(2 pi f (a + b - q)/p)/2",
        claims=("GR1", "GR3", "GR4"),
    ),
    Stop(
        name="benign-overfitting",
        title="Noise that is fitted",
        concept="Benign overfitting",
        page="phenomenon",
        phenomenon="benign-overfitting",
        knobs={"n": (50, 100, 200)},
        figure="excess-risk",
        shown=("excess-risk/exp-eps/*", "excess-risk/power-2/*", "excess-risk/exponential/*"),
        setting="Labels that are noise alone, and the shortest fit that meets each of them exactly. Only the eigenvalues lam_k of the "
        "covariance differ.",
        ask="With which spectrum does the fitted noise become harmless as n grows?",
        question=Choice(
            (
                "exp(-k/{tau}): the noise hides in the tiniest directions",
                "k^-2: a power law",
                "exp(-k/{tau}) + eps: a long flat tail below the head",
                "With none: who fits noise predicts noise",
            )
        ),
        find=benign,
        explanation="In a long flat tail the noise is spread over many directions that new points hardly have; the short head stays free "
        "for what can be learnt. A power law keeps a share of the noise (tempered, like most real interpolators), a mere exponential "
        "amplifies it.",
        formula="r_k = sum_{i>k} lam_i/lam_{k+1}, R_k = (sum_{i>k} lam_i)^2/sum_{i>k} lam_i^2, k* = min{k: r_k >= b n}; "
        "benign iff r_0/n, k*/n, n/R_k* -> 0",
        claims=("BO3", "BO5", "BO6"),
    ),
    Stop(
        name="lazy-training",
        title="The scale of the output",
        concept="Lazy training",
        page="next topic",
        phenomenon="lazy-training",
        figure="test-error",
        setting="One network with its output times alpha learns one teacher, for small and large alpha, down to the same training loss. "
        "For large alpha it stays at its start, and is linear there.",
        ask="How large is its test error at the smallest alpha, over that of the linear model?",
        question=Number("ratio", 0.001, 1000.0, 2.0, axis="y", per="test_error_linearised"),
        find=rich,
        explanation="The more the output is scaled, the less the weights need to move, like 1/alpha, and the network becomes regression "
        "with a fixed kernel. At small alpha its neurons turn towards the teacher's: features are learnt, which the kernel cannot.",
        formula="loss R(alpha h(w))/alpha^2; alpha -> inf: f(x) = K0(x,X) K0(X,X)^-1 y, K0 = Dh Dh^T at the start",
        claims=("LT1", "LT3", "LT4"),
    ),
    Stop(
        name="edge-of-stability",
        title="Step size and sharpness",
        concept="The edge of stability",
        page="beyond",
        phenomenon="edge-of-stability",
        figure="eta-sharpness",
        setting="Gradient descent with step size eta on a small {activation} network. S is the sharpness, the top eigenvalue of the "
        "training loss's Hessian. It grows as long as training goes well.",
        ask="Where does eta S settle?",
        question=Number("eta S", 0.01, 100.0, 1.25, axis="y"),
        find=edge,
        explanation="On a quadratic, descent diverges where eta S is above 2. Here it does not: S comes back to 2/eta and stays, the loss "
        "jitters, and yet it falls. So the step size is part of the bias: minima sharper than 2/eta are not where long steps end. "
        "A short step meets no edge.",
        formula="along an eigenvector of curvature lam a step multiplies by 1 - eta lam: beyond eta lam = 2 it grows",
        claims=("EOS1", "EOS3", "EOS4"),
    ),
    Stop(
        name="swings",
        title="Swings along the sharpest direction",
        concept="Self-stabilisation",
        page="beyond",
        phenomenon="edge-of-stability",
        figure="displacement",
        setting="Gradient descent on a small {activation} network, once eta S is above 2: the weights swing from side to side along the "
        "top eigenvector, by x, and x grows. On a quadratic, S is the same everywhere, and they would swing farther for ever.",
        ask="What becomes of S while the swings are large?",
        question=Choice(("It stays: swings to and fro cancel", "It grows with x^2", "It falls with x^2")),
        find=stabilised,
        explanation="A cubic term of the loss pushes the weights, on either side of a swing, to where S is lower, by x^2 a step. Below "
        "2/eta the swings die down, S grows again, and so on around 2/eta. The quadratic model has no such term and explodes (EOS5). "
        "Nothing told descent to look for flatter places.",
        formula="S(t+1) - S(t-1) ~ 2 eta a - eta b (x(t-1)^2 + x(t)^2)/2: a, how fast S grows along the flow; b, the squared gradient of S",
        claims=("EOS5", "EOS8"),
    ),
)
