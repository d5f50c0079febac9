"""The stops: what they name exists, their words fit, and what is right follows from the run, whatever that says."""

import string

import numpy as np
import pytest

from engine.contract import Series, Status
from engine.contract.tour import Choice, Number, Sketch, Undecided
from engine.errors import UsageError
from engine.registry import names, spec
from engine.tour import STOPS, find_stop
from tests.engine.tour.answering_runs import BY_NAME, run

COLUMNS = 78  # of a terminal of 80, less the margins

WIDTH_OF = pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)


@WIDTH_OF
def test_what_a_stop_names_exists(stop):
    assert stop.phenomenon in names()
    found = spec(stop.phenomenon)
    config = found.configure(stop.preset, stop.knobs).values()  # refuses unknown presets and knobs
    figure = next(figure for figure in found.figures if figure.name == stop.figure)
    assert set(stop.claims) <= {claim.id for claim in found.claims}
    assert all(Series(name.replace("*", "x"), "", np.ones(1), np.ones(1)).name for name in stop.shown)
    assert set(stop.bars) <= {name for _, name in figure.x.ticks}
    if isinstance(stop.question, Number) and stop.question.per:
        assert stop.question.axis and stop.question.per in {item.name for item in found.scalars}
    for part in stop.joined.parts if stop.joined else ():
        lent = next(item for item in found.figures if item.name == part.figure)
        assert lent.x == figure.x and lent.draws([Series(part.series.replace("*", "any"), "", np.ones(1), np.ones(1))])
    for pattern in (*stop.given, *stop.shown):
        assert figure.draws([Series(pattern.replace("*", "any"), "", np.ones(1), np.ones(1))]), pattern
    setting, ask, options = stop.words(config)
    assert ask.endswith(("?", ".")) and "{" not in setting + ask + "".join(options)


@WIDTH_OF
def test_the_words_of_a_stop_leave_room_for_its_figure_at_80x24(stop):
    setting, ask, options = stop.words(spec(stop.phenomenon).configure(stop.preset, stop.knobs).values())
    assert rows(f"{setting} {ask}") + sum(rows(option) for option in options) <= 10
    assert rows(f"{stop.concept}. {stop.explanation}") + rows(stop.formula) <= 9
    assert 1 <= len(stop.claims) <= 3


def rows(text):
    return -(-len(text) // (COLUMNS - 8))  # words break early


@WIDTH_OF
def test_the_title_does_not_give_the_answer_away_but_the_explanation_says_what_it_is_called(stop):
    given_away = ("vacuous", "peak", "descent", "benign", "slow", "not the best", "not always", "minimum")
    assert stop.concept and not any(word in stop.title.lower().replace("gradient descent", "") for word in given_away)


def test_names_are_words_of_the_command_line_and_differ():
    found = [stop.name for stop in STOPS]
    assert len(set(found)) == len(found)
    assert all(set(name) <= set(string.ascii_lowercase + string.digits + "-") for name in found)


def test_every_part_of_the_page_has_its_stop():
    pages = [stop.page for stop in STOPS]
    for part in ("the experiment", "definition", "theorem", "classification", "proposition", "phenomenon"):
        assert part in pages
    assert pages.count("definition") == 2
    assert all(f"exercise {number}" in pages for number in (1, 2, 3)) and all(f"watch out {number}" in pages for number in (1, 2, 3, 4))
    assert {type(stop.question) for stop in STOPS} == {Choice, Number, Sketch}


@pytest.mark.parametrize(
    ("text", "place"), [("1", 0), ("23", 22), ("random-labels", 0), ("grokking", [s.name for s in STOPS].index("grokking"))]
)
def test_a_stop_is_found_by_number_and_name(text, place):
    assert find_stop(text) == place


@pytest.mark.parametrize("text", ["0", "24", "-1", "", "groking", "1e3", "٣", "9" * 5000])
def test_what_is_no_stop_is_refused_with_those_that_are(text):
    with pytest.raises(UsageError) as caught:
        find_stop(text)
    assert "stops: 1 to 23, or random-labels" in caught.value.hint
    if text == "groking":
        assert "did you mean grokking?" in caught.value.message


# ---------------------------------------------------------------- what is right, both outcomes

FITTED = {"test_error_random": 0.9, "test_error_true": 0.1, "slowdown": 2.5}
BOUNDS = {"certificate_true": 0.45, "certificate_random": 0.99, "vc_true": 3.3, "vc_random": 3.3, "stochastic_test_error_true": 0.07}
VALLEYS = {"first_valley_mse": 1.0, "first_valley_p": 3.0, "second_valley_mse": 1.0, "second_valley_p": 900.0}
LINE = np.array([50.0, 100.0, 200.0])


def norms(l1, l2, linf):
    return {f"norm-ratios/{name}": ([1, 10], [9, value]) for name, value in (("l1", l1), ("l2", l2), ("linf", linf))}


def ridge(*best):
    return {
        "ridge/best": ([0.1, 0.9, 1.3, 5.0], best),
        "test-mse/zero-median": ([1.0], [345.0]),
    }


def fits(errors, risks):
    return {f"{name}/q0.75/simulation": ([50, 100, 400], y) for name, y in (("class-error", errors), ("regression-risk", risks))}


def scatters(true, random):
    """Scatters at the first step, when labels are fitted, and at the end."""
    return {f"nc1/{arm}": ([1, 100, 1000], [3.0, *y]) for arm, y in (("true", true), ("random", random))}


FITTED_AT = {"fitted_step_true": 100, "fitted_step_random": 100, "nc1_test_true": 0.2, "nc1_true": 1e-3}


SWINGS = {"model_growth": 1.3, "excursion_peak": 12.0}
SEPARATED = {"separable_from_theory": 0.2215, "draw_error": 0.32, "second_descent": 0.03}


def margins(euclidean, own, dual):
    """Margins over the largest in norms l_1.25 to l_4, of mirror descent with p = 1.5."""
    return {"mirror-norms/p-1.5": ([1.25, 1.5, 2.0, 3.0, 4.0], [0.9, own, euclidean, dual, 0.7])}


def norms_of_noise(noisy, quiet):
    return {"noise_l1": noisy, "noise_l1_gd": quiet, "noise_l1_weights": 30.0}


def spectra(**slopes):
    given = {"exponential": 1.0, "power-2": 0.0, "exp-eps": -0.6, **{name.replace("_", "-"): slope for name, slope in slopes.items()}}
    return {f"excess-risk/{name}/simulation": (LINE, LINE**slope) for name, slope in given.items()}


@pytest.mark.parametrize(
    ("name", "made", "right"),
    [
        ("random-labels", {"values": {"train_error_random": 0.0, **FITTED}}, 2),
        ("random-labels", {"values": {"train_error_random": 0.5, **FITTED}}, 1),
        ("random-labels", {"values": {"train_error_random": 0.9, **FITTED}}, 0),
        ("vacuous-bound", {"values": {"vc_true": 3.3, "vc_random": 3.3, "test_error_true": 0.05}}, 3),
        ("vacuous-bound", {"values": {"vc_true": 0.7, "vc_random": 0.7, "test_error_true": 0.05}}, 2),
        ("vacuous-bound", {"values": {"vc_true": 0.2, "vc_random": 0.2, "test_error_true": 0.05}}, 1),
        ("vacuous-bound", {"values": {"vc_true": 0.06, "vc_random": 0.7, "test_error_true": 0.05}}, 0),
        ("exercise-3", {"values": BOUNDS}, 0),
        ("not-wrong", {"values": BOUNDS}, 0.45),
        ("interpolation-threshold", {"values": {"test_mse_peak_d": 100, "test_mse_peak": 90, "valley_beyond_mse": 1.0}}, 1.0),
        ("interpolation-threshold", {"values": {"test_mse_peak_d": 150, "test_mse_peak": 90, "valley_beyond_mse": 1.0}}, 1.5),
        ("implicit-bias", {"curves": norms(1.5, 1, 1.5), "values": {"distance_gd": 1e-15}}, 2),
        ("implicit-bias", {"curves": norms(1, 3, 1.5), "values": {"distance_gd": 1.0}}, 1),
        ("exercise-2", {"curves": {"given-inputs/variance": ([1, 2, 3], [9, 1.01, 0.5], [8, 0.97, 0.4], [10, 1.05, 0.6]),
                                   "given-inputs/bias": ([1, 2, 3], [0, 2.5, 3])}}, 1.01),
        ("not-always-best", {"curves": ridge(1.2, 1.18, 1.15, 1.1)}, 2),
        ("not-always-best", {"curves": ridge(1.2, 3.0, 1.15, 1.1)}, 0),
        ("not-always-best", {"curves": ridge(1.2, 1.18, 3.0, 1.1)}, 1),
        ("not-always-helps", {"values": {"valley_ratio": 4.4, **VALLEYS}}, 1),
        ("not-always-helps", {"values": {"valley_ratio": 0.5, **VALLEYS}}, 0),
        ("not-always-helps", {"values": {"valley_ratio": 1.0, **VALLEYS}}, 2),
        ("grokking", {"values": {"grok_step": 680, "memorise_step": 28, "wave_share": 0.98}}, 680),
        ("benign-overfitting", {"curves": spectra()}, 2),
        ("benign-overfitting", {"curves": spectra(power_2=-0.9, exp_eps=0.0)}, 1),
        ("benign-overfitting", {"curves": spectra(exp_eps=0.0)}, 3),
        ("lazy-training", {"values": {"rich_ratio": 0.03, "test_error_rich": 0.007, "test_error_linearised": 0.22,
                                      "weight_change_rich": 3.6, "weight_change_lazy": 4e-4}}, 0.03),
        ("edge-of-stability", {"values": {"eta_sharpness_largest_eta": (1.99, 2.0, 2.01), "eta_sharpness_smallest_eta": 2.0,
                                          "eta_sharpness_control": 0.5}}, 2.0),
        ("signs", {"curves": fits([0.2, 0.15, 0.1], [0.5, 0.4, 0.3])}, 0),
        ("signs", {"curves": fits([0.2, 0.15, 0.1], [0.5, 0.6, 0.7])}, 1),
        ("signs", {"curves": fits([0.2, 0.3, 0.4], [0.5, 0.4, 0.3])}, 2),
        ("signs", {"curves": fits([0.2, 0.3, 0.4], [0.5, 0.6, 0.7])}, 3),
        ("after-the-fit", {"curves": scatters([0.1, 0.05], [0.1, 0.05]), "values": FITTED_AT}, 0),
        ("after-the-fit", {"curves": scatters([0.1, 1e-3], [0.1, 0.05]), "values": FITTED_AT}, 1),
        ("after-the-fit", {"curves": scatters([0.1, 1e-3], [0.1, 1e-3]), "values": FITTED_AT}, 2),
        ("after-the-fit", {"curves": scatters([0.1, 1.0], [0.1, 1e-3]), "values": FITTED_AT}, 3),
        ("swings", {"values": {**SWINGS, "displacement_correlation": (-0.9, -0.6, -0.7)}}, 2),
        ("swings", {"values": {**SWINGS, "displacement_correlation": 0.2}}, 0),
        ("swings", {"values": {**SWINGS, "displacement_correlation": 0.9}}, 1),
        ("separable-labels", {"values": {"separable_from": (0.21, 0.23), **SEPARATED}}, 0.22),
        ("mirror-descent", {"curves": margins(0.96, 0.998, 0.85)}, 1),
        ("mirror-descent", {"curves": margins(0.999, 0.99, 0.85)}, 0),
        ("mirror-descent", {"curves": margins(0.9, 0.91, 0.99)}, 2),
        ("mirror-descent", {"curves": margins(0.9, 0.97, 0.85)}, 3),
        ("noise-chooses", {"values": norms_of_noise(1.9, 1.92)}, 0),
        ("noise-chooses", {"values": norms_of_noise(1.0, 1.9)}, 1),
        ("noise-chooses", {"values": norms_of_noise(2.5, 1.9)}, 2),
        ("noise-chooses", {"values": norms_of_noise(1.4, 1.9)}, 3),
    ],
)  # fmt: skip
def test_what_is_right_comes_from_the_run(name, made, right):
    found = BY_NAME[name].find(run(BY_NAME[name], **made))
    assert found.answer == pytest.approx(right)
    assert found.sentence.endswith(".") and "nan" not in found.sentence
    assert BY_NAME[name].fits(found.answer) or isinstance(BY_NAME[name].question, Number)


def test_no_stop_tells_the_number_that_a_later_one_asks_for():
    asking = BY_NAME["not-wrong"]
    earlier = [stop for stop in STOPS[: STOPS.index(asking)] if stop.experiment == asking.experiment]
    for stop in earlier:
        assert not set(stop.claims) & set(asking.claims), "whose verdicts tell the certificate"
        sentence = stop.find(run(stop, values={**BOUNDS, "test_error_true": 0.05})).sentence
        assert "45" not in sentence and "99" not in sentence
        assert "PAC-Bayes" not in stop.bars and stop.bars
    assert len(earlier) == 2


@pytest.mark.parametrize(
    ("name", "made", "why"),
    [
        ("random-labels", {}, "no value of train_error_random: not made up"),
        ("exercise-3", {"values": BOUNDS, "statuses": {"VB1": Status.FAILS}}, "a bound of the class is below 1"),
        ("exercise-3", {"values": BOUNDS, "statuses": {"VB2": Status.PENDING}}, "VB2 is not decided"),
        ("exercise-3", {"values": {**BOUNDS, "certificate_true": 1.2}}, "no bound of another kind stands"),
        ("implicit-bias", {"curves": norms(1.5, 3, 1.5)}, "0 of three norms are at their least"),
        ("implicit-bias", {}, "drew no curve norm-ratios/l1"),
        ("exercise-1", {}, "drew no curve norm-vs-d/draws"),
        ("max-margin", {}, "drew no curve direction-error/flow"),
        ("double-descent", {}, "drew no curve"),
        ("complexity", {}, "drew no curve"),
        ("benign-overfitting", {"curves": spectra(power_2=-0.9)}, "more than one spectrum"),
        ("exercise-2", {"curves": {"given-inputs/variance": ([2.0], [1.0])}}, "no draws with noise"),
        (
            "signs",
            {"curves": {"class-error/q0.75/simulation": ([50], [0.2]), "regression-risk/q0.75/simulation": ([50], [0.5])}},
            "one size",
        ),
        ("after-the-fit", {}, "no value of fitted_step_true"),
        ("noise-chooses", {}, "no value of noise_l1"),
        ("swings", {}, "no value of displacement_correlation"),
        ("separable-labels", {"values": SEPARATED}, "no value of separable_from"),
        ("mirror-descent", {}, "drew no curve mirror-norms/p-1.5"),
    ],
)
def test_a_run_that_does_not_say_is_told_from_one_that_does(name, made, why):
    with pytest.raises(Undecided, match=why):
        BY_NAME[name].find(run(BY_NAME[name], **made))


def test_what_did_not_happen_by_the_end_is_no_answer():
    stop = BY_NAME["grokking"]
    made = run(stop, values={"grok_step": 1200, "memorise_step": 28, "wave_share": 0.2})
    scalars = tuple(type(item)(item.scalar, item.seeds, (True,)) if item.scalar.name == "grok_step" else item for item in made.scalars)
    with pytest.raises(Undecided, match="by step 100 there is no first step with 95 %"):
        stop.find(type(made)(**{**vars(made), "scalars": scalars}))


SKETCHED = {
    "exercise-1": {"norm-vs-d/draws": ([1.5, 2, 3, 7], [1.1, 0.9, 0.75, 0.4])},
    "max-margin": {"direction-error/flow": ([1, 1e3, 1e30, 1e59], [0.3, 0.1, 0.01, 0.005])},
    "double-descent": {
        "test-mse/zero": ([0, 0.05, 0.8, 1.2, 5], [1.25, 1.1, 4, 6, 1.1]),
        "test-mse/zero-median": ([0.9, 1.0, 1.1], [9, 345, 9]),
    },
    "complexity": {
        "samples-exact/formula": ([10, 50, 90, 130, 1000], [0.9, 0.75, 2.6, 0.9, 0.03]),
        "samples-exact/simulated": ([50, 90], [0.75, 2.57]),
    },
}
SCALARS = {
    "max-margin": {"direction_constant": 0.65, "direction_constant_theory": 0.6545},
    "double-descent": {"first_valley_mse": 1.1, "first_valley_p": 10, "second_valley_mse": 1.1, "second_valley_p": 1000},
}


@pytest.mark.parametrize("name", [stop.name for stop in STOPS if isinstance(stop.question, Sketch)])
def test_a_drawn_curve_is_right_where_it_is_the_run_s_and_off_where_it_is_its_mirror(name):
    stop = BY_NAME[name]
    made = run(stop, curves=SKETCHED[name], values=SCALARS.get(name, {}))
    heights = stop.find(made).answer.y
    assert np.isfinite(heights).all(), "every handle has its point"
    assert stop.question.lo <= heights.min(), "the axes that are drawn on hold the curve, but perhaps its peak"
    same = stop.feedback(tuple(heights.tolist()), made)[1]
    mirror = stop.feedback(tuple((stop.question.start**2 / heights).tolist()), made)[1]
    assert (same.grade, mirror.grade) == ("right", "off")
    assert "within a factor of 1." in same.sentence


def test_the_peak_of_double_descent_is_read_off_the_medians():
    stop = BY_NAME["double-descent"]
    found = stop.find(run(stop, curves=SKETCHED["double-descent"], values=SCALARS["double-descent"]))
    assert found.answer.y[stop.question.at.index(1.0)] == pytest.approx(345)


@WIDTH_OF
def test_stops_of_one_run_say_so(stop):
    alike = [other for other in STOPS if other.experiment == stop.experiment]
    assert all((other.phenomenon, other.preset, dict(other.knobs)) == (stop.phenomenon, stop.preset, dict(stop.knobs)) for other in alike)
    assert hash(stop.experiment) == hash(alike[0].experiment)
