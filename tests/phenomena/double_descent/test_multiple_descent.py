"""Study multiple-descent: draws against plain algebra, peaks, claims that hold and fail, own spectra, resume, knobs at their ends."""

import numpy as np
import pytest

from engine.contract import Status
from engine.data import own
from engine.errors import KnobError
from engine.phenomena.double_descent.experiment import DoubleDescent
from engine.seeds import streams
from tests.phenomena.domains import offences, settings
from tests.phenomena.driven import UNEVEN, work

SMALL = {"blocks": (4, 10, 16), "draws": 3}
HOLDS, FAILS, OUTSIDE = Status.HOLDS, Status.FAILS, Status.NOT_APPLICABLE


def begin(seeds=(0,), preset="custom", start="multiple-descent", **knobs):
    return DoubleDescent(DoubleDescent.spec.configure(start, knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), **SMALL))


@pytest.fixture(scope="module")
def quick():
    return work(begin(preset="multiple-descent"))


def verdicts(run):
    return {item.claim.id: item for item in run.verdicts()}


def test_a_draw_is_one_growing_training_set(small):
    problem, n = small.multiple.problem, small.multiple.problem.n
    data = streams(1).data
    drawn = [data.standard_normal((count, problem.d)) * np.sqrt(problem.eigenvalues) for count in np.diff(np.append(0, n))]
    lam, sigma2 = np.diag(problem.eigenvalues), problem.sigma2
    for place in range(n.size):
        X = np.vstack(drawn[: place + 1])
        inverse = np.linalg.pinv(X, rcond=1e-13)
        left = np.eye(problem.d) - inverse @ X
        risk = sigma2 + np.trace(left @ lam @ left) + sigma2 * np.trace(inverse.T @ lam @ inverse)
        tuned = sigma2 * (1 + np.trace(lam @ np.linalg.inv(X.T @ X + sigma2 * np.eye(problem.d))))
        assert small.multiple.risks()[1, place] == pytest.approx(risk, rel=1e-6)  # the second draw is the second seed's
        assert small.multiple.draws["tuned"][1, place] == pytest.approx(tuned, rel=1e-9)


def test_every_n_of_interest_is_drawn(quick):
    problem = quick.multiple.problem
    assert {20, 80, 250} <= set(problem.n.tolist()) and set(problem.valleys.tolist()) <= set(problem.n.tolist())
    assert problem.n[0] == 4 and problem.n[-1] == 750 and problem.eigenvalues.sum() == pytest.approx(1)
    assert [low < n for low, n in zip(problem.valleys, problem.ends, strict=True)] == [True] * 3


def test_the_quick_preset_shows_three_peaks_and_a_ridge_without_any(quick):
    found = verdicts(quick)
    assert {name: found[name].status for name in ("MPD1", "MPD2", "MPD4")} == {"MPD1": HOLDS, "MPD2": HOLDS, "MPD4": HOLDS}
    assert found["MPD3"].status is Status.NOT_RUN and found["DD6"].status is OUTSIDE and "study nested" in found["DD6"].reason
    values = {item.scalar.name: item for item in quick.scalars()}
    assert values["sample_peaks"].value == 3 and values["least_peak_ratio"].value > 1.15 and values["tuned_rise"].value < 0
    assert values["peak_p"].reason == "needs study nested" and values["stop_ratio"].reason == "needs study early-stopping"
    assert "peaks at block ends n = 20, 80, 250" in quick.headline(quick.scalars())[0]
    assert {item.name.split("/")[0] for item in quick.series()} == {"risk-vs-n", "block-learnt", "sample-parts"}


def test_errors_and_their_parts_are_drawn_as_medians_at_every_n(quick):
    drawn = {item.name: item for item in quick.series()}
    shortest = drawn["risk-vs-n/shortest"]
    np.testing.assert_array_equal(shortest.x, quick.multiple.problem.n)
    np.testing.assert_allclose(shortest.y, np.median(quick.multiple.risks(), axis=0))
    assert "median" in shortest.band and "median" in drawn["risk-vs-n/tuned"].band and "median" in drawn["sample-parts/variance"].band
    np.testing.assert_array_equal(drawn["sample-parts/variance"].x, quick.multiple.problem.n)
    assert {220, 238, 246, 254, 262, 282} <= set(shortest.x)  # the peak is no straight line


def test_the_picture_turns_with_n(quick):
    (picture,) = quick.pictures()
    kappa = picture.layers[0]
    assert picture.log and kappa.frames.shape == (kappa.at.size, 2, 2) and len(kappa.labels) == kappa.at.size
    assert kappa.under(20.0).label == f"kappa at n={int(kappa.at[np.argmin(np.abs(np.log(kappa.at / 20)))])}"
    assert (np.diff(kappa.frames[:, 0, 1]) < 0).all()


def test_one_spectrum_without_blocks_has_one_peak():
    run = work(begin(spectrum="isotropic", D=30, draws=6, sigma=0.5))
    assert run.multiple.peaks(run.multiple.risks()) == [30]
    assert run.multiple.peaks(run.multiple.draws["tuned"]) == []
    assert run.multiple.problem.ends.tolist() == [30]


@pytest.mark.parametrize("until", [1, 3])
def test_a_run_goes_on_bit_for_bit(small, until):
    first = work(begin((0, 1), **SMALL), UNEVEN, until=until)
    second = begin((0, 1), **SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(first.state())
    work(second, UNEVEN)
    assert second.history.records == small.history.records
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)
    assert second.headline(second.scalars()) == small.headline(small.scalars())


def altered(**change):
    """Verdicts of a run whose draws are exactly what is expected, changed."""
    run = begin(start="multiple-descent-standard")
    study = run.multiple
    problem, n = study.problem, study.problem.n
    risk = np.where(np.isfinite(problem.expected), problem.expected, 50.0)
    tuned = np.exp(np.interp(np.log(n), np.log(problem.shown), np.log(problem.tuned)))
    for number in range(24):
        noise = (risk * (1 + 1e-3 * (-1) ** number) - problem.sigma2) / problem.sigma2  # all of the risk as variance
        row = {"unlearnt": np.zeros(n.size), "noise": noise, "tuned": tuned, "learnt": np.zeros((n.size, 3))}
        study.draws.add({name: change[name](values, n) if name in change else values for name, values in row.items()})
    return {name: item.status for name, item in verdicts(run).items() if name.startswith("MPD")}


def test_claims_hold_of_what_is_expected_and_fail_of_anything_else():
    assert altered() == {"MPD1": HOLDS, "MPD2": HOLDS, "MPD3": HOLDS, "MPD4": HOLDS}
    assert altered(noise=lambda values, n: np.where(n == 80, values / 4, values))["MPD1"] is FAILS
    assert altered(noise=lambda values, n: 1.1 * values)["MPD2"] is FAILS
    assert altered(noise=lambda values, n: np.where(n == 80, 1.05 * values, values))["MPD3"] is FAILS
    assert altered(tuned=lambda values, n: np.where(n == 80, values + 1e-1, values))["MPD4"] is FAILS
    assert altered(tuned=lambda values, n: np.where(n == 750, 2.0, values))["MPD4"] is FAILS


def smooth(c):
    """At least 100 directions, none of them from the second on above its index times all later ones."""
    values = [1.0] * c.D if c.spectrum == "isotropic" else [k**-c.decay for k in range(1, c.D + 1)]
    if c.spectrum == "blocks":
        values = sorted((value for count, value in zip(c.blocks, c.lam, strict=True) for _ in range(count)), reverse=True)
    damped = all(values[k - 1] <= k * sum(values[k:]) for k in range(2, len(values) - 1))
    return len(values) >= 100 and damped and c.sigma >= 0.1 * c.r2**0.5


def reference(c):
    return c.spectrum == "blocks" and (c.blocks, c.lam) == ((20, 60, 170), (1.0, 1e-3, 1e-6)) and (c.r2, c.sigma) == (1, 0.3162)


INSIDE = {
    **dict.fromkeys((item.id for item in DoubleDescent.spec.claims), lambda c: False),
    "MPD1": lambda c: reference(c) and c.draws >= 4,
    "MPD2": lambda c: smooth(c) and c.draws >= 4,
    "MPD3": lambda c: smooth(c) and c.draws >= 24,
    "MPD4": lambda c: c.sigma >= 0.01 * c.r2**0.5,
}


@pytest.mark.parametrize(
    "knobs",
    [
        {"spectrum": "power", "D": 100, "decay": 2.0, "draws": 24},
        {"spectrum": "power", "D": 40, "draws": 5}, {"blocks": (50, 50), "lam": (1.0, 1e-3), "sigma": 1.5, "draws": 24},
        {"blocks": (50, 50), "lam": (1.0, 1e-9), "draws": 24}, {"blocks": (2, 3), "lam": (1.0, 1.0), "draws": 4},
        {"blocks": (60, 50), "lam": (1e-3, 1.0), "sigma": 0.0, "draws": 4}, {"r2": 0.0, "blocks": (2, 3), "lam": (1.0, 0.1)},
    ],
    ids=str,
)  # fmt: skip
def test_a_turned_knob_fails_no_claim(knobs):
    config = DoubleDescent.spec.configure("multiple-descent", knobs)
    assert not offences("double-descent", config, INSIDE)


TURNED = {
    "sigma": (0.0, 0.005, 0.1, 1.0, 2.0), "r2": (0.0, 0.5, 1.0, 10.0), "spectrum": ("isotropic", "power", "blocks"), "D": (20, 120, 250),
    "decay": (0.0, 0.7, 2.0), "draws": (1, 4, 24), "blocks": ((5, 20, 90), (60, 60, 2), (1, 1, 120), (20, 60, 170)),
    "lam": ((1.0, 1e-3, 1e-6), (1.0, 1.0, 1.0), (1e-9, 1.0, 1e3), (1.0, 0.1, 0.01)),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("place", range(100))
def test_many_turned_knobs_fail_no_claim(place):
    base = {"study": "multiple-descent", "spectrum": "blocks", "sigma": 0.3162, "D": 120, "draws": 24}
    assert not offences("double-descent", next(settings("double-descent", base, TURNED, 1, seed=place)), INSIDE, (place,))


@pytest.mark.parametrize(
    "knobs",
    [
        {"blocks": (1, 1), "lam": (1.0, 1.0)}, {"blocks": (1, 2, 3), "lam": (1e3, 1.0, 1e-9)}, {"sigma": 0.0}, {"r2": 0.0}, {"draws": 1},
        {"lam": (1.0, 1.0, 1e-3)}, {"spectrum": "power", "D": 20, "decay": 0.0}, {"sigma": 2.0, "r2": 10.0},
    ],
    ids=str,
)  # fmt: skip
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{**SMALL, **knobs}))
    assert run.headline(run.scalars()) and all(item.status is not FAILS for item in run.verdicts())
    assert all(not np.isnan(item.y).any() for item in run.series())
    ends = run.multiple.problem.ends.tolist()
    if "lam" in knobs and len(set(knobs["lam"])) < len(knobs["lam"]):
        assert len(ends) == len(set(knobs["lam"]))  # equal eigenvalues are one block


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"lam": (1.0, 0.0, 1e-6)}, "lam must be .*got"),
        ({"lam": (1.0, 1e-3)}, "a variance for each of the 3 blocks, got 2"),
        ({"blocks": (0, 60, 170)}, "blocks must be"),
        ({"blocks": (200, 200, 201)}, "2 to 600 directions in all, got 601"),
        ({"blocks": (1,), "lam": (1.0,)}, "2 to 600 directions in all, got 1"),
        ({"spectrum": "isotropic", "D": 601}, "D must be at most 600 with study multiple-descent, got 601"),
        ({"sigma": 0.0, "r2": 0.0}, "sigma and r2 are both 0"),
        ({"study": "nested"}, "spectrum blocks belongs to study multiple-descent, got study nested"),
        ({"study": "early-stopping"}, "spectrum blocks belongs to study multiple-descent, got study early-stopping"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        DoubleDescent.spec.configure("multiple-descent", knobs)


def test_an_own_spectrum_is_followed(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    values = np.concatenate([np.full(5, 7.0), np.full(15, 0.1), np.zeros(4)])
    own.add("stairs", own.OwnData("spectrum", None, np.zeros(0), eigenvalues=values, signal=np.ones(24), source="stairs.npz"))
    run = work(begin(spectrum="stairs", draws=2))
    assert run.multiple.problem.ends.tolist() == [5, 20] and run.multiple.problem.d == 20
    assert any("stairs: 20 eigenvalues above 0" in note and "4 of 0 left out" in note and "not used" in note for note in run.notes)
    assert verdicts(run)["MPD4"].status is HOLDS
