"""Imported rows and spectra in the least-squares phenomena: held against NumPy, limited by what there is, resumed bit for bit."""

import numpy as np
import pytest

from engine import registry
from engine.config import build
from engine.contract import Status
from engine.data import own
from engine.data.regression import draw_rows
from engine.errors import DataError, KnobError, ProblemError
from engine.seeds import streams
from engine.state import State
from tests.phenomena.driven import work
from tests.phenomena.headlines import headline_of

pytestmark = pytest.mark.usefixtures("one_thread")
RNG = np.random.default_rng(0)
MIXED = RNG.standard_normal((90, 40)) @ (np.eye(40) + 0.2 * RNG.standard_normal((40, 40))) * RNG.uniform(0.1, 50, 40)
TARGET = MIXED @ (RNG.standard_normal(40) / MIXED.std(0)) + 3 * RNG.standard_normal(90)
FALLING = 4.0 / np.arange(1, 81) ** 1.2
SIGNAL = RNG.standard_normal(80)
TINY = {
    "min-norm": {"n": 8, "d": 20, "steps": 30, "side": 4, "rank": 1, "draws": 5},
    "interpolation-threshold": {"n": 12, "draws": 6},
    "double-descent": {"n": 20, "draws": 3, "digits": 0, "relu_draws": 0},
}
STUDIES, SPECTRAL = tuple(TINY), ("interpolation-threshold", "double-descent")


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """Real targets, two classes, three; a spectrum with a signal, one of equal eigenvalues and zeros."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    rows("prices", TARGET)
    labels("pair", (TARGET > 0).astype(np.int64), ("no", "yes"))
    labels("three", np.arange(90) % 3, ("a", "b", "c"))
    spectrum("falling", FALLING, SIGNAL)
    spectrum("flat", np.r_[np.full(50, 2.0), np.zeros(10)])


def rows(name, y, x=MIXED):
    own.add(name, own.OwnData("targets", x, y, (x.shape[1],), source=f"{name}.csv"), force=True)


def labels(name, y, names):
    own.add(name, own.OwnData("classes", MIXED, y, (40,), names, source=f"{name}.csv"), force=True)


def spectrum(name, eigenvalues, signal=None):
    known = own.OwnData("spectrum", None, np.zeros(0), eigenvalues=eigenvalues, signal=signal, source=f"{name}.npz")
    own.add(name, known, force=True)


def make(name, seeds=(0,), **knobs):
    config = registry.spec(name).configure("quick", {**TINY[name], **knobs})
    return registry.load(name)(config, seeds, "cpu", "custom")


def first_rows(name, n, order="given", seed=0):
    """The first training set of a seed, as the sweeps draw it."""
    return draw_rows(name, own.find(name).sha256, n, order, streams(seed).data)


def solved(rows, d):
    """The weights on d columns by the pseudoinverse, their squared length and the mean squared error on the test rows."""
    w = np.linalg.pinv(rows.X[:, :d]) @ rows.y
    return w, w @ w, np.mean((rows.X_test[:, :d] @ w - rows.y_test) ** 2)


@pytest.mark.parametrize("knobs", [{"dataset": "prices"}, {"dataset": "pair", "order": "random"}], ids=["targets", "classes"])
@pytest.mark.parametrize("name", STUDIES)
def test_rows_run_to_the_end_and_fail_no_claim(name, knobs):
    run = work(make(name, **knobs))
    assert headline_of(run)
    verdicts = run.verdicts()
    assert [verdict.claim.id for verdict in verdicts if verdict.status is Status.FAILS] == []
    assert all(verdict.reason for verdict in verdicts if verdict.status is Status.NOT_APPLICABLE)
    assert all(item.reason for item in run.scalars() if np.isnan(item.value))
    assert run.series() and run.arrays() and run.pictures() is not None and run.markers()
    assert any("to test" in note for note in run.notes)


@pytest.mark.parametrize("knobs", [{"spectrum": "falling"}, {"spectrum": "flat", "sigma": 1.0}], ids=["signal", "zeros"])
@pytest.mark.parametrize("name", SPECTRAL)
def test_spectra_run_to_the_end_and_fail_no_claim(name, knobs):
    run = work(make(name, **knobs))
    assert headline_of(run)
    assert [verdict.claim.id for verdict in run.verdicts() if verdict.status is Status.FAILS] == []
    assert run.series() and run.arrays() and run.markers() is not None
    assert any("at their own scale" in note for note in run.notes)


@pytest.mark.parametrize("order", ["given", "random"])
def test_the_threshold_sweep_is_that_of_the_pseudoinverse(order):
    run = work(make("interpolation-threshold", dataset="prices", order=order))
    drawn = first_rows("prices", 12, order)
    for place, d in enumerate(run.widths.tolist()):
        w, norm, test = solved(drawn, d)
        assert run.sweeps["norm"][0, place] == pytest.approx(norm, rel=1e-6)
        assert run.sweeps["test-mse"][0, place] == pytest.approx(test, rel=1e-6)
        assert run.sweeps["train-mse"][0, place] == pytest.approx(np.mean((drawn.X[:, :d] @ w - drawn.y) ** 2), rel=1e-6, abs=1e-20)
        eigenvalues = np.linalg.svd(drawn.X[:, :d], compute_uv=False) ** 2 / 12
        assert run.sweeps["smallest-eigenvalue"][0, place] == pytest.approx(eigenvalues[-1], rel=1e-6)
    assert run.widths[-1] == 41 and not [item for item in run.series() if item.kind == "theory"]


def test_double_descent_on_rows_is_that_of_the_pseudoinverse():
    run = work(make("double-descent", dataset="prices"))
    drawn = first_rows("prices", 20)
    for place, p in enumerate(run.p.tolist()):
        _, norm, test = solved(drawn, p)
        assert run.main.stack("zero/norm")[0, place] == pytest.approx(norm, rel=1e-5)
        assert run.main.stack("zero/test")[0, place] == pytest.approx(test, rel=1e-5)
    assert (run.model.D, run.p[-1]) == (41, 41) and run.predicted is None


def test_min_norm_on_rows_reaches_the_pseudoinverse():
    run = work(make("min-norm", dataset="prices"))
    (rng,) = streams(0).data.spawn(1)
    drawn = draw_rows("prices", own.find("prices").sha256, 8, "given", rng)
    w, norm, test = solved(drawn, 20)
    np.testing.assert_allclose(run.linear[0].problem.solution, w, atol=1e-10)
    values = {item.scalar.name: item for item in run.scalars()}
    assert values["min_norm"].value == pytest.approx(np.sqrt(norm)) and values["test_mse"].value == pytest.approx(test)
    curves = {item.name: item for item in run.series()}
    assert curves["norm-vs-d/nested"].x[-1] == 38 / 8 and "norm-vs-d/expected" not in curves and "norm-vs-d/draws" not in curves
    expected = [solved(drawn, int(d))[2] for d in run.widths]
    np.testing.assert_allclose(curves["test-vs-d/nested"].y, expected, rtol=1e-6)
    assert "no mean norm" in run.notes[0]


def test_the_risk_of_a_spectrum_is_that_of_draws_within_their_standard_error():
    """A fit of the first p of Gaussian features with the imported variances: test MSE with all omitted ones as noise."""
    run = make("double-descent", spectrum="falling", sigma=0.5)
    rng, lam, n = np.random.default_rng(3), FALLING, 20
    np.testing.assert_array_equal(run.model.eigenvalues, lam)
    for p in (8, 60):
        found = []
        for _ in range(300):
            X = rng.standard_normal((n, 80)) * np.sqrt(lam)
            w = np.zeros(80)
            w[:p] = np.linalg.pinv(X[:, :p]) @ (X @ SIGNAL + 0.5 * rng.standard_normal(n))
            found.append(0.25 + lam @ (w - SIGNAL) ** 2)
        error = np.std(found, ddof=1) / np.sqrt(300)
        assert run.model.predict(np.array([p])).test[0] == pytest.approx(np.mean(found), abs=5 * error + 0.05 * np.mean(found))


def test_the_threshold_of_a_spectrum_is_well_specified_at_every_d():
    run = work(make("interpolation-threshold", spectrum="falling"))
    drawn = run.design.draw(streams(0), int(run.widths[-1]))
    for place, d in enumerate(run.widths.tolist()):
        X, b = drawn.X[:, :d], SIGNAL[:d]
        w = np.linalg.pinv(X) @ (X @ b + drawn.noise)
        assert run.sweeps["test-mse"][0, place] == pytest.approx(0.25 + FALLING[:d] @ (w - b) ** 2, rel=1e-6)
    assert run.widths[-1] == 48 and any(item.name == "test-mse/expected" for item in run.series())


@pytest.mark.parametrize(("name", "most"), [("min-norm", 41), ("interpolation-threshold", 41), ("double-descent", 41)])
def test_sizes_beyond_the_rows_are_refused_with_the_counts(name, most):
    knobs = {"n": most + 1, "d": most + 1} if name == "min-norm" else {"n": most + 1}
    with pytest.raises(KnobError, match="n must be at most 41: prices has 90 different rows of 40 features"):
        make(name, dataset="prices", **knobs)
    with pytest.raises(KnobError, match="three has 3 classes"):
        make(name, dataset="three")
    with pytest.raises(KnobError, match="got falling") as caught:
        make(name, dataset="falling")
    assert "falling was imported as spectrum, and this takes targets and classes" in caught.value.hint


def test_few_rows_few_features_and_more_columns_than_there_are_are_counted():
    rows("few", TARGET[:12], MIXED[:12])
    with pytest.raises(KnobError, match="few has 12 different rows of 40 features, which let n be 9 at most, where at least 10"):
        make("interpolation-threshold", dataset="few", n=10)
    with pytest.raises(KnobError, match="d must be at most 41, the 40 features of prices and a constant, got 50"):
        make("min-norm", dataset="prices", d=50)
    with pytest.raises(KnobError, match="leave param at linear"):
        make("min-norm", dataset="prices", param="diagonal")
    rows("repeated", TARGET, np.repeat(MIXED[:, :4], 10, axis=1))
    for name in ("min-norm", "double-descent"):
        with pytest.raises(ProblemError, match="5 features are independent"):
            work(make(name, dataset="repeated"))


@pytest.mark.parametrize("name", SPECTRAL)
def test_spectra_that_are_too_short_or_of_another_kind_are_refused(name):
    with pytest.raises(KnobError, match=r"n must be at most (60|80)|the smaller of D"):
        make(name, spectrum="flat", n=70)
    with pytest.raises(ProblemError, match=r"flat has 50 eigenvalues above 0, too few to reach . = n = 55"):
        make(name, spectrum="flat", n=55)
    with pytest.raises(KnobError, match="got prices") as caught:
        make(name, spectrum="prices")
    assert "prices was imported as targets, and this takes spectrum" in caught.value.hint
    with pytest.raises(KnobError, match="leave spectrum at isotropic"):
        make(name, spectrum="power", dataset="prices")


@pytest.mark.parametrize(("name", "knobs"), [
    *((name, {"dataset": "prices", "order": "random"}) for name in STUDIES), *((name, {"spectrum": "falling"}) for name in SPECTRAL),
])  # fmt: skip
def test_a_resumed_run_ends_with_the_same_records(name, knobs):
    whole = work(make(name, (0, 1), **knobs))
    first = work(make(name, (0, 1), **knobs), until=int(whole.grid[len(whole.grid) // 2]))
    saved, second = first.state(), make(name, (0, 1), **knobs)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert second.history.steps == whole.history.steps
    assert [repr(record) for record in second.history.records] == [repr(record) for record in whole.history.records]


@pytest.mark.parametrize("name", STUDIES)
def test_other_content_under_the_name_is_refused(name):
    run = make(name, dataset="prices")
    stored = run.config.values()
    rows("prices", TARGET + 1)
    with pytest.raises(DataError, match="prices is another one now"):
        build(type(run.config), stored)
