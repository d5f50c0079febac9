"""Published images in the phenomena that train on classes: trained and tested on as published, refused where they are not here."""

import types

import numpy as np
import pytest

from engine import registry
from engine.contract import Status
from engine.data import registry as data_sets
from engine.data.published import PUBLISHED, place
from engine.data.registry import largest, load, source
from engine.errors import DataError, KnobError, ProblemError
from engine.seeds import streams
from engine.state import State
from engine.sweeps.plan import Plan
from tests.engine.data.published.small import batches, described, idx_contents, labels, lay, packed, pixels
from tests.phenomena.driven import work
from tests.phenomena.test_own_data import TINY

pytestmark = pytest.mark.usefixtures("one_thread")
TRAIN, TESTS = 200, 60
SMALL = {
    "mnist": described(PUBLISHED["mnist"], idx_contents(TRAIN, TESTS), train=TRAIN, tests=TESTS),
    "cifar10": described(PUBLISHED["cifar10"], [packed(batches(TRAIN, TESTS))], train=TRAIN, tests=TESTS),
}
CONTENTS = {"mnist": idx_contents(TRAIN, TESTS), "cifar10": [packed(batches(TRAIN, TESTS))]}
STUDIES = tuple(TINY)


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """MNIST and CIFAR-10 are small ones, and not here yet."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    for name, published in SMALL.items():
        monkeypatch.setitem(PUBLISHED, name, published)


@pytest.fixture
def here(small):
    """Both are here."""
    for name, published in SMALL.items():
        lay(published, CONTENTS[name], place(published))


def config(name, **knobs):
    return registry.spec(name).configure("quick", {**TINY[name], **knobs})


def make(name, **knobs):
    return registry.experiment(registry.spec(name))(config(name, **knobs), (0,), "cpu", "custom")


@pytest.mark.parametrize(("name", "dataset"), [*((name, "cifar10") for name in STUDIES), ("random-labels", "mnist")])
def test_it_runs_to_its_end_and_fails_no_claim(name, dataset, here):
    run = work(make(name, dataset=dataset))
    verdicts = run.verdicts()
    assert [verdict.claim.id for verdict in verdicts if verdict.status is Status.FAILS] == []
    assert all(verdict.reason for verdict in verdicts if verdict.status is Status.NOT_APPLICABLE)
    assert run.series() and run.arrays() and run.pictures() is not None


def test_a_resumed_run_ends_with_the_same_records(here):
    whole = work(make("random-labels", dataset="cifar10"))
    first = work(make("random-labels", dataset="cifar10"), until=int(whole.grid[len(whole.grid) // 2]))
    saved = first.state()
    second = make("random-labels", dataset="cifar10")
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert [repr(record) for record in second.history.records] == [repr(record) for record in whole.history.records]


@pytest.mark.parametrize("name", list(SMALL))
def test_training_images_are_training_images_and_test_images_test_images(name, here):
    split = load(name, 120, 50, streams(3))
    of = {part: pixels(count, SMALL[name].shape, seed).reshape(count, -1) for part, count, seed in (("x", TRAIN, 0), ("t", TESTS, 1))}
    for x, y, part, count in ((split.x, split.y, "x", TRAIN), (split.x_test, split.y_test, "t", TESTS)):
        known = {(row / np.float32(255)).tobytes(): label for row, label in zip(of[part], labels(count), strict=True)}
        assert [known[row.tobytes()] for row in x] == y.tolist() and len({row.tobytes() for row in x}) == len(x)
    assert (split.classes, split.shape, split.by_column) == (10, SMALL[name].shape, False)
    again, other = load(name, 120, 50, streams(3)), load(name, 120, 50, streams(4))
    assert np.array_equal(split.x, again.x) and not np.array_equal(split.x, other.x)


def test_sizes_are_known_without_the_data():
    assert (largest("mnist"), data_sets.test_count("mnist", 150)) == (TRAIN, TESTS)
    assert (source("cifar10").size, source("cifar10").tests) == (TRAIN, TESTS)
    with pytest.raises(KnobError, match="n must be at most 200 on mnist, which has so many training images, got 201"):
        config("random-labels", dataset="mnist", n=201)
    with pytest.raises(KnobError, match="at most 200 and 60 on cifar10, got 100 and 61"):
        config("deep-double-descent", dataset="cifar10", n=100, tests=61)
    assert config("deep-double-descent", dataset="cifar10", n=200, tests=60).n == 200


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_not_here_is_refused_before_anything_is_computed(name):
    wanted = config(name, dataset="cifar10")  # which can be declared, shown and estimated
    assert registry.spec(name).work(wanted, 1).products > 0
    with pytest.raises(DataError, match="the data set cifar10 is not here") as caught:
        wanted.require_contents()
    assert "genlab data fetch cifar10" in caught.value.hint and "cifar-10-binary.tar.gz" in caught.value.hint
    with pytest.raises(DataError, match="the data set cifar10 is not here"):
        make(name, dataset="cifar10")
    plan = Plan.of(registry.spec(name), "quick", {**TINY[name], "dataset": "cifar10"}, {"n": (100, 110)})
    with pytest.raises(DataError, match="the data set cifar10 is not here"):
        plan.require_contents()


def test_images_that_do_not_fit_into_memory_name_the_knob(here, monkeypatch):
    monkeypatch.setattr("engine.data.registry.psutil.virtual_memory", lambda: types.SimpleNamespace(available=10**6))
    with pytest.raises(ProblemError, match=r"images of cifar10 take .* GB as they are trained on, and 0.0 GB are free") as caught:
        load("cifar10", 120, 60, streams(0))
    assert caught.value.hint == "lower n or the number of seeds"
    with pytest.raises(ProblemError, match=r"120 training images of cifar10 and \d networks take .* GB, and 0.0 GB are free") as caught:
        make("random-labels", dataset="cifar10", n=120)
    assert caught.value.hint.startswith("lower n or the number of seeds")
