"""Study fourier-features: fits against lstsq, the kernel, claims that hold and fail, published images, resume, knobs at their ends."""

import types

import numpy as np
import pytest

from engine.contract import Status
from engine.data.published import PUBLISHED, place
from engine.data.registry import load
from engine.errors import DataError, KnobError, ProblemError
from engine.phenomena.double_descent.digits import fourier_features, fourier_frequencies
from engine.phenomena.double_descent.experiment import DoubleDescent
from engine.phenomena.double_descent.fourier.problem import sizes
from engine.seeds import streams
from engine.state import State
from tests.engine.data.published.small import described, idx_contents, lay
from tests.phenomena.driven import UNEVEN, work

SMALL = {"images": "digits196", "examples": 61, "most_features": 244}
HOLDS, FAILS, OUTSIDE = Status.HOLDS, Status.FAILS, Status.NOT_APPLICABLE
RFF = ("RFF1", "RFF2", "RFF3", "RFF4")

pytestmark = pytest.mark.usefixtures("one_thread")


def begin(seeds=(0,), preset="custom", start="belkin-rff-small", **knobs):
    return DoubleDescent(DoubleDescent.spec.configure(start, knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), **SMALL, noise=0.2))


def verdicts(run):
    return {item.claim.id: item for item in run.verdicts()}


def test_every_fit_is_the_shortest_one(small):
    study, own = small.fourier, streams(1)
    split = load("digits196", 61, study.tests, own)
    frequencies = fourier_frequencies(own.init, 196, 244)
    labels = study._images(1).Y.argmax(1)
    changed = (labels != split.y).mean()
    assert 0 < changed < 0.4  # a fifth is replaced, a tenth of those by themselves
    Y, wanted = np.eye(10)[labels], np.eye(10)[split.y_test]
    X, T = (fourier_features(part, frequencies) for part in (split.x, split.x_test))
    assert 61 in study.N and study.N[-1] == 244
    for at, N in enumerate(study.N):
        scale = np.sqrt(N / 2)
        w = np.linalg.lstsq(X[:, :N] / scale, Y, rcond=None)[0]
        loss = ((T[:, :N] / scale @ w - wanted) ** 2).sum(1).mean()
        found = {name: study.curve(name)[1][1, at] for name in ("mse", "error", "train", "norm2")}  # the second curve is the second seed's
        assert found["mse"] == pytest.approx(loss, rel=1e-6) and found["norm2"] == pytest.approx((w**2).sum(), rel=1e-6)
        assert found["train"] == pytest.approx(((X[:, :N] / scale @ w - Y) ** 2).sum(1).mean(), rel=1e-6, abs=1e-12)
        assert found["error"] == pytest.approx(((T[:, :N] @ w).argmax(1) != split.y_test).mean(), abs=2 / study.tests)


def test_the_kernel_is_the_one_that_features_approach(small):
    images, study = small.fourier._images(0), small.fourier
    squares = ((images.x[:, None] - images.x) ** 2).sum(2)
    K = np.exp(-squares / 50)
    np.testing.assert_allclose(images.kernel(images.x), K, rtol=1e-9)
    assert study.limit("norm2")[0] == pytest.approx(float((images.Y * np.linalg.solve(K, images.Y)).sum()), rel=1e-6)
    many = fourier_features(images.x, fourier_frequencies(np.random.default_rng(0), 196, 20_000))
    assert np.abs(many @ many.T / 10_000 - K).max() < 0.06


def test_sizes_are_pairs_with_n_among_them():
    found = sizes(61, 244)
    assert 61 in found and set(found[found != 61] % 2) == {0} and (np.diff(found) > 0).all() and found[-1] == 244
    paper = sizes(10_000, 60_000).tolist()
    assert {10_000, 14_000, 20_000, 60_000} <= set(paper) and len(paper) < 35


def test_the_small_preset_shows_what_the_paper_shows():
    run = work(begin(preset="belkin-rff-small", examples=400, most_features=2400))
    found = verdicts(run)
    assert {name: found[name].status for name in RFF} == dict.fromkeys(RFF, HOLDS)
    assert found["DD6"].status is OUTSIDE and "study nested" in found["DD6"].reason
    values = {item.scalar.name: item for item in run.scalars()}
    assert values["fourier_peak_n"].value == 400 and values["fourier_second_loss"].value < values["fourier_first_loss"].value
    assert values["kernel_norm"].value < values["fourier_norm_last"].value < values["fourier_norm_peak"].value
    assert values["peak_p"].reason == "needs study nested" and values["stop_ratio"].reason == "needs study early-stopping"
    assert "test loss peaks at N = 400 (n = 400)" in run.headline(run.scalars())[0]
    assert {item.name.split("/")[0] for item in run.series()} == {"fourier-loss", "fourier-error", "fourier-norm"}
    training = next(item for item in run.series() if item.name == "fourier-loss/train")
    assert training.x.max() < 400 and (training.y > 0).all()


def altered(**change):
    """Verdicts of a run whose fits are those of a curve as the paper has it, changed."""
    run = begin(start="belkin-rff-small")
    study = run.fourier
    ratio = study.N / study.n
    above = ratio > 1
    bump = 1 / np.maximum(np.abs(1 - ratio), 1e-4)
    curve = {
        "mse": np.where(above, 0.2, 0.5) + 0.01 * bump, "error": np.minimum(0.88, np.where(above, 0.05, 0.2) + 0.01 * bump),
        "train": np.maximum(0.0, 1 - ratio), "norm2": 400.0 * np.where(above, study.N / np.maximum(study.N - study.n - 1.0, 1.0), bump),
    }  # fmt: skip
    curve["norm2"][study.place] = 4e6
    limit = {"mse": 0.19, "error": 0.04, "train": 0.0, "norm2": 400.0}
    rows = {name: np.append(change.get(name, lambda values, _: values)(values, ratio), limit[name]) for name, values in curve.items()}
    for at in range(study.fits):
        study.draws.add({name: values[at] for name, values in rows.items()})
    return {name: item.status for name, item in verdicts(run).items() if name in RFF}


def test_claims_hold_of_what_is_expected_and_fail_of_anything_else():
    assert altered() == dict.fromkeys(RFF, HOLDS)
    assert altered(mse=lambda values, ratio: np.where(ratio == 2, 1e4, values))["RFF1"] is FAILS
    assert altered(mse=lambda values, ratio: np.minimum(values, 1.0))["RFF1"] is FAILS
    assert altered(error=lambda values, ratio: np.where(ratio > 1, 0.3, values))["RFF2"] is FAILS
    assert altered(mse=lambda values, ratio: np.where(ratio == 2, 0.01, values))["RFF2"] is FAILS
    assert altered(norm2=lambda values, ratio: np.where(ratio == 2, 2 * values, values))["RFF3"] is FAILS
    assert altered(norm2=lambda values, ratio: np.where(ratio > 5, 300.0, values))["RFF3"] is FAILS
    assert altered(norm2=lambda values, ratio: np.where(ratio == 6, 1.2 * values, values))["RFF4"] is FAILS


@pytest.mark.parametrize("until", [3, 16, 20, 29])
def test_a_resumed_run_ends_with_the_same_bits(small, until):
    first = work(begin((0, 1), **SMALL, noise=0.2), until=until)
    saved, second = first.state(), begin((0, 1), **SMALL, noise=0.2)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second, UNEVEN)
    assert second.history.records == small.history.records
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """MNIST is a small one in its own format, and here once it is laid."""
    contents = idx_contents(120, 40)
    published = described(PUBLISHED["mnist"], contents, train=120, tests=40)
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "mnist", published)
    return lambda: lay(published, contents, place(published))


def test_published_images_are_asked_for_and_taken(mnist):
    knobs = {"start": "belkin-rff", "examples": 100, "most_features": 300}
    with pytest.raises(DataError, match="the data set mnist is not here"):
        begin(**knobs)
        begin(**knobs).fourier._images(0)
    mnist()
    run = work(begin(**knobs))
    assert run.fourier.tests == 40 and not [item.claim.id for item in run.verdicts() if item.status is FAILS]
    assert "100 images of mnist train, 40 others test" in run.notes[0] and run.series() and run.headline(run.scalars())
    with pytest.raises(KnobError, match="examples must be at most the 120 training images of mnist, got 121"):
        begin(**{**knobs, "examples": 121})


def test_matrices_that_do_not_fit_name_the_knob(monkeypatch):
    monkeypatch.setattr(
        "engine.phenomena.double_descent.fourier.problem.psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**7)
    )
    with pytest.raises(ProblemError, match=r"matrices of 1,000 images of digits5k take 0.3 GB, and 0.0 GB are free") as caught:
        begin()
    assert caught.value.hint == "lower examples"


@pytest.mark.parametrize(
    "knobs",
    [
        {"examples": 50, "most_features": 100}, {"bandwidth": 1.0}, {"bandwidth": 10.0}, {"noise": 1.0}, {"most_features": 3050},
        {"images": "digits5k", "draws": 2}, {"most_features": 123},
    ],
    ids=str,
)  # fmt: skip
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{**SMALL, **knobs}))
    assert run.headline(run.scalars()) and all(item.status is not FAILS for item in run.verdicts())
    assert all(not np.isnan(item.y).any() for item in run.series())


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"examples": 100, "most_features": 199}, "between 2 and 50 times examples=100, 200 and 5,000, got 199"),
        ({"examples": 4999}, "examples must be at most the 4,500 training images of digits5k, got 4,999"),
        ({"images": "cats"}, "images must be"), ({"bandwidth": 0.0}, "bandwidth must be"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        begin(**knobs)
