"""The claims about generalization bounds: what each says, its tolerance, and how the measurements decide it.

Dziugaite, Roy 2017, arXiv:1703.11008; Nagarajan, Kolter 2019, arXiv:1902.04742; Bartlett et al. 2017, arXiv:1706.08498.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, one_of, within
from engine.data.own.entry import FEWEST_TESTS
from engine.data.registry import imported, test_count
from engine.judging import PENDING, Judgement, Judges, censored, decided
from engine.phenomena.vacuous_bounds.config import DATA, RANDOM, TRUE, Labels, VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.published_claims import NOT_RANDOM, PUBLISHED_CLAIMS, PUBLISHED_JUDGES

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import VacuousBounds
    from engine.phenomena.vacuous_bounds.over_n import Slope

CLASS_BOUNDS = ("VC", "parameters", "Rademacher")
SEES, ORDERED = 1.5, 1e-9  # VB3, VB7
SUFFICES, TOO_FEW = 1024, 64  # D/m of VB8 and VB9
MEASURED = 196  # features of the narrowest built-in inputs
AS_DIGITS = 4500  # images of MNIST up to which it is digits5k, which is drawn from it
SMALL_ERROR, LARGE_ERROR = 1e-3, 0.1


def _weights(config: VacuousBoundsConfig) -> int:
    return sum((into + 1) * out for into, out in pairwise(config.sizes))


def _many_features(config: VacuousBoundsConfig) -> bool:
    entry = imported(config.dataset)
    if entry is None:
        return config.dataset in DATA or (config.dataset == "mnist" and config.n <= AS_DIGITS)
    return entry.features >= MEASURED and not entry.repeated


SHORT = one_of("training", "short")
BOTH, ANY_TRUE, ANY_RANDOM = one_of("labels", "both"), one_of("labels", "both", "true"), one_of("labels", "both", "random")
FITS_RANDOM = (
    ANY_RANDOM, SHORT,
    Condition("weights at least 2.4 n", lambda config: _weights(config) >= 2.4 * config.n),
    within("random_epochs", 300), within("lr", 0.02, 0.05), within("depth", hi=2),
    Condition(f"built-in data, mnist with n at most {AS_DIGITS:,}, or your own inputs of {MEASURED} features or more that never repeat",
              _many_features),
)  # fmt: skip
AS_PUBLISHED = (
    one_of("objective", "dziugaite-roy"), one_of("surrogate", "logistic"), one_of("prior", "init"), one_of("depth", 1),
    within("n", 2000), within("width", 20, 100), within("steps", 1000), within("mc", 200), within("lr", 0.01, 0.06),
)  # fmt: skip
TESTED = Condition(f"{FEWEST_TESTS} test points or more", lambda config: test_count(config.dataset, config.n) >= FEWEST_TESTS)
FOLLOWED = (one_of("follow", "digits"), within("margin", 1, 10))
NORMS_PRESETS = ("standard", "nagarajan-mnist-small", "nagarajan-mnist")
NORMS = (one_of("follow", "digits", "narrow-deep", "mnist"), within("margin", 1, 10))
GROWING = (one_of("follow", "mnist"), within("margin", 5, 10))

BFT, DR = "Bartlett et al. 2017, arXiv:1706.08498", "Dziugaite, Roy 2017, arXiv:1703.11008"
NK, ZHANG = "Nagarajan, Kolter 2019, arXiv:1902.04742", "Zhang et al. 2017, arXiv:1611.03530"
CLAIMS = (
    Claim("VB1", "Class-based bounds are vacuous: they exceed 1 once random signs are fitted", ZHANG,
          "VC, parameters, Rademacher by the share of random signs fitted: >= 1", "none", (), FITS_RANDOM, 0.01),
    Claim("VB2", "Class-based bounds are blind to labels: true and random ones have the same complexity terms", ZHANG,
          "complexity terms, true minus random: 0", "exact", (), (BOTH,), identity=True),
    Claim("VB3", "The spectral term (Bartlett) sees labels", BFT,
          "random/true > 1, same n and margin", ">= 1.5", ("standard",), FOLLOWED, 0.01),
    Claim("VB4", "PAC-Bayes certifies true labels", DR, "certificate < 1", "none", ("quick",),
          (ANY_TRUE, SHORT, one_of("dataset", *DATA), *AS_PUBLISHED, within("epochs", 10)), 0.001),
    Claim("VB5", "The certificate is valid, also where it is nearly tight: with a prior learnt on half of the data", DR,
          "certificate minus test error of its draws >= 0", "none", (), (ANY_TRUE, TESTED), 0.001),
    Claim("VB6", "PAC-Bayes does not certify random labels", DR, "certificate near 1", ">= .9", ("quick",),
          (*FITS_RANDOM, *AS_PUBLISHED), 0.01),
    Claim("VB7", "The kl inverse lies below 1 and below Pinsker's bound", DR, "certificate less the smaller of the two: <= 0",
          "1e-9", identity=True),
    Claim("VB8", "Two-sided uniform convergence fails in many dimensions: the classifier learns, yet errs on all of S'",
          f"{NK}, Theorem 3.1", "D=1024m: test error 0; error on S' 1", "< 1e-3; exact",
          chance=1e-6),
    Claim("VB9", "In fewer dimensions the example of VB8 is not learnt", f"{NK}, Theorem 3.1", "D=64m: test error not small", "> .1",
          ("quick",), chance=1e-6),
    Claim("VB10", "Norms grow with n", f"{NK}, Section 2", "log-log slope of distance and spectral product > 0", "2 SE", NORMS_PRESETS,
          NORMS, 0.01),
    Claim("VB11", "Terms of Bartlett and Neyshabur fall slower with n than test error, if at all", f"{NK}, Section 2",
          "slope(term) - slope(error) > 0", "none", NORMS_PRESETS,
          NORMS, 0.01),
    Claim("VB12", "Terms of Bartlett and Neyshabur grow with n as wholes, not their norms alone", f"{NK}, Section 2",
          "slope(term) > 0", "none", ("nagarajan-mnist",),
          GROWING, 0.01),
    *PUBLISHED_CLAIMS,
)  # fmt: skip


def _vacuous(run: VacuousBounds) -> Judgement:
    if not run.learned:
        return PENDING
    least = {name: min(network.bounds[name].value for network in run.measured) for name in CLASS_BOUNDS}
    told = ", ".join(f"{name} {value:.3g}" for name, value in least.items())
    return decided(min(least.values()) >= 1, told, "the least over true and random labels and seeds", values=least)


def _blind(run: VacuousBounds) -> Judgement:
    if not run.learned:
        return PENDING
    pairs = zip(run.measured_in(TRUE), run.measured_in(RANDOM), strict=True)
    apart = max(abs(one.bounds[name].complexity - two.bounds[name].complexity) for one, two in pairs for name in CLASS_BOUNDS)
    return decided(apart == 0, apart)


def _sees_labels(run: VacuousBounds) -> Judgement:
    over_n = run.over_n
    if over_n is None or not over_n.finished:
        return PENDING
    random = over_n.column("spectral", random=True)
    if not random.size:
        return censored("margin not reached", "the network on random labels did not reach the margin")
    n = over_n.column("n", random=True)[0]
    ratio = float(random.mean() / over_n.column("spectral")[over_n.column("n") == n].mean())
    return decided(ratio >= SEES, ratio, f"n = {n:.0f}", values={"n": float(n)})


def _worst(run: VacuousBounds, condition: Labels, pick: Callable[[Sequence[float]], float], holds: Callable[[float], bool]) -> Judgement:
    if not run.certified:
        return PENDING
    worst = pick([network.bounds["PAC-Bayes"].value for network in run.measured_in(condition)])
    return decided(holds(worst), f"{worst:.3g}", values={"measured": worst})


def _certifies(run: VacuousBounds) -> Judgement:
    return _worst(run, TRUE, max, lambda value: value < 1)


def _not_random(run: VacuousBounds) -> Judgement:
    return _worst(run, RANDOM, min, lambda value: value >= NOT_RANDOM)


def _validly(run: VacuousBounds) -> Judgement:
    if not run.compared:
        return PENDING
    record = run.history.records[-1]
    wide = np.array(record["PAC-Bayes"]) - np.array(record["stochastic-test-error"])
    narrow = np.array(record["half data"]) - np.array(record["half-data-test-error"])
    least = float(min(wide.min(), narrow.min()))
    told = f"PAC-Bayes minus error {wide.min():.3g}; learnt prior minus error {narrow.min():.3g}"
    values = {"measured": least, "around first weights": float(wide.min()), "around half data": float(narrow.min())}
    return decided(least >= 0, told, "the least over labels and seeds", values=values)


def _inverted(run: VacuousBounds) -> Judgement:
    if not run.certified:
        return PENDING
    certificates = [network.bounds["PAC-Bayes"] for network in run.measured]
    most = max(item.value - min(1.0, item.constants["R"] + sqrt(item.constants["Bnd"] / 2)) for item in certificates)
    return decided(most <= ORDERED, most, "certificate less the smaller of the two")


def _two_sided(run: VacuousBounds) -> Judgement:
    draws = run.examples[SUFFICES]
    test, flipped = max(one.test_error for one in draws), min(one.flipped_error for one in draws)
    gap = min(one.gap_lower_bound for one in draws)  # what every two-sided bound must report
    values = {"test error": test, "error on S'": flipped, "gap at least": gap}
    return decided(test < SMALL_ERROR and flipped == 1, f"test error {test:.1e}; error on S' {flipped:g}", values=values)


def _dimensions(run: VacuousBounds) -> Judgement:
    least = min(one.test_error for one in run.examples[TOO_FEW])
    return decided(least > LARGE_ERROR, least)


def _of_slopes(columns: tuple[str, ...], judge: Callable[[dict[str, Slope]], Judgement]) -> Callable[[VacuousBounds], Judgement]:
    """Return what judges by the slopes over n of some columns, once every network over n is trained."""

    def judged(run: VacuousBounds) -> Judgement:
        if run.over_n is None or not run.over_n.finished:
            return PENDING
        found = {column: slope for column in columns if (slope := run.over_n.slope(column))}
        if len(found) < len(columns):
            return censored("margin not reached", "fewer than three n reached the margin")
        return judge(found)

    return judged


def _norms_grow(found: dict[str, Slope]) -> Judgement:
    holds = all(slope.value > 2 * slope.error for slope in found.values())
    return decided(holds, f"distance {found['distance']}; product {found['product']}", values=_numbers(found))


def _fall_slower(found: dict[str, Slope]) -> Judgement:
    spectral, neyshabur, error = (found[column] for column in ("spectral", "neyshabur", "test error"))
    least = min(spectral.value, neyshabur.value) - error.value
    return decided(least > 0, least, f"Bartlett {spectral}; Neyshabur {neyshabur}; error {error}", values=_numbers(found))


def _whole_grows(found: dict[str, Slope]) -> Judgement:
    least = min(slope.value for slope in found.values())
    return decided(least > 0, least, f"Bartlett {found['spectral']}; Neyshabur {found['neyshabur']}", values=_numbers(found))


def _numbers(found: dict[str, Slope]) -> dict[str, float]:
    values = {f"slope of {column}": slope.value for column, slope in found.items()}
    return {**values, **{f"SE of {column}": slope.error for column, slope in found.items()}}


JUDGES: Judges[VacuousBounds] = {
    "VB1": _vacuous, "VB2": _blind, "VB3": _sees_labels, "VB4": _certifies, "VB5": _validly, "VB6": _not_random, "VB7": _inverted,
    "VB8": _two_sided, "VB9": _dimensions, "VB10": _of_slopes(("distance", "product"), _norms_grow),
    "VB11": _of_slopes(("spectral", "neyshabur", "test error"), _fall_slower),
    "VB12": _of_slopes(("spectral", "neyshabur"), _whole_grows), **PUBLISHED_JUDGES,
}  # fmt: skip
