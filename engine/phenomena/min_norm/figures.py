"""What minimum norm measures and which figures draw it; `curves.py` makes the curves."""

from __future__ import annotations

from engine.contract import Axis, Condition, Figure, PictureSpec, Quantity, Summary
from engine.phenomena.min_norm.config import BESIDE, MIRRORED, WITH_NOISE

STEP = Axis("step", log=True, lo=1)
FIGURES = (
    Figure("distance", "Distance to X^+ y", STEP, Axis("over |X^+ y|", log=True), ("distance/*",), domain=(BESIDE,)),
    Figure("null-component", "Null-space part", STEP, Axis("|P_null w|/|w|", log=True), ("null-component/*",),
           "P_null = I - X^+ X; rounding error stands for 0", domain=(BESIDE,)),
    Figure("train-loss", "Training loss", STEP, Axis("|X w - y|^2/2", log=True), ("train-loss/*",)),
    Figure("norm-ratios", "Norms over their least", STEP, Axis("ratio", lo=0.0), ("norm-ratios/*",),
           "each over the least such norm of all weights that fit"),
    Figure("directions", "Singular directions", STEP, Axis("v.w / v.w*"), ("directions/*",),
           "how far along; v: right singular vector, singular value of X, or in deep-matrix of the matrix to complete", domain=(BESIDE,)),
    Figure("alpha-sweep", "Diagonal network: l2 to l1", Axis("alpha", log=True), Axis("norm", log=True), ("alpha-sweep/*",),
           "a problem of its own, whatever the chosen model", domain=(BESIDE,)),
    Figure("matrix-completion", "Matrix completion", STEP, Axis("relative error", log=True), ("matrix-completion/*",),
           "over all entries", domain=(BESIDE,)),
    Figure("norm-vs-d", "Least norm against d", Axis("d/n", log=True), Axis("|w*|", log=True), ("norm-vs-d/*",),
           "w* = X^+ y", domain=(BESIDE,)),
    Figure("test-vs-d", "Test error against d", Axis("d/n", log=True), Axis("test MSE", log=True), ("test-vs-d/*",),
           "of X^+ y on the test rows",
           empty="needs rows kept for testing: fills with your own rows, the knob dataset",
           domain=(Condition("your own rows", lambda config: config.own_rows),)),
    Figure("noise-l1", "What noise chooses", Axis("step", log=True, lo=10), Axis("l1 / true l1", log=True, lo=0.5, hi=40), ("noise-l1/*",),
           "sum |w_j| over that of the sparse weights that made y; the same network, noisy or not",
           empty="fills with preset label-noise", domain=(WITH_NOISE,)),
    Figure("alpha-eff", "Effective scale", Axis("step", lo=0), Axis("√(u v)", log=True), ("alpha-eff/*",),
           "geometric mean of coordinates; without noise it stays", empty="fills with preset label-noise", domain=(WITH_NOISE,)),
    Figure("mirror-weights", "Sizes of weights", Axis("rank by size", log=True, lo=1), Axis("|weight|", lo=0.0), ("mirror-weights/*",),
           "potential |w|_p^p/p; of the first seed",
           empty="fills with preset mirror", domain=(MIRRORED,)),
    Figure("mirror-limit", "Distance to min l_p norm", STEP, Axis("relative", log=True), ("mirror-limit/*",),
           "to the weights that fit with the least l_p norm, each run's own p",
           empty="fills with preset mirror", domain=(MIRRORED,)),
    Figure("mirror-shortest", "Distance to min l2 norm", STEP, Axis("relative", lo=0.0), ("mirror-shortest/*",),
           "to X^+ y, where p = 2 alone goes",
           empty="fills with preset mirror", domain=(MIRRORED,)),
)  # fmt: skip
PLANE = PictureSpec("plane", "Picture: 1 point, 2 weights", domain=(BESIDE,))
PICTURES = (PLANE,)

GONE = 1e3  # relative distance from X^+ y at which weights count as diverged; their curves end there
PROGRESS = ("progress-1", "progress-2", "progress-3")  # along at most three singular directions, of falling singular value


def _read(name: str, label: str, figure: str = "", finite: bool = False) -> Quantity:
    """A quantity read off every network's weights; not a number where it means nothing (the optimality residual of a matrix)."""
    return Quantity(name, label, summary=Summary.MEDIAN_RANGE, figure=figure, finite=finite)


QUANTITIES = (
    _read("distance", "|w - X^+ y|/|X^+ y|", "distance"),
    _read("off-limit", "the same to the predicted limit"),
    _read("null", "|P_null w|/|w|", "null-component"),
    _read("loss", "|X w - y|^2/2", "train-loss", finite=True),
    _read("l1", "l1, or nuclear", "norm-ratios"),
    _read("l2", "l2, or Frobenius", "norm-ratios"),
    _read("linf", "l∞, or spectral", "norm-ratios"),
    *(_read(name, "share of the way", "directions") for name in PROGRESS),
    _read("misfit", "a diagonal network's |X w - y|/|y|"),
    _read("kkt", "a diagonal network's optimality residual"),
    _read("error", "a product's relative error, all entries", "matrix-completion"),
    _read("log-scale", "mean log of √(u v)/alpha, under noise"),
    _read("identity", "log of u v against the sum over steps"),
    _read("hyperentropy", "distance to the least hypentropy of the scales left"),
    _read("off-half", "distance to the least lp norm, half the step"),
    _read("off-started", "distance to the least divergence, drawn start"),
    Quantity("gap", "both starts of descent, from the closed form", per="seed"),
    Quantity("gd-spread", "descent's limits at three steps, apart", per="seed"),
    Quantity("adam-norms", "Adam's |w| at three steps", per="seed"),
    Quantity("adam-residual", "Adam's |X w - y|/|y| at three steps", per="seed"),
    Quantity("wilson-angle", "Adam from sign(X^T y)", "radians", per="seed"),
)
