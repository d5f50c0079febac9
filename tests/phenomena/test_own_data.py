"""Imported data in the phenomena that train on classes or targets: drawn as stored, resumed bit for bit, refused when they change."""

import numpy as np
import pytest

from engine import registry
from engine.config import build
from engine.contract import Status
from engine.data import own
from engine.data.registry import load
from engine.errors import DataError, KnobError
from engine.seeds import streams
from engine.state import State
from tests.phenomena.driven import work
from tests.phenomena.headlines import headline_of

pytestmark = pytest.mark.usefixtures("one_thread")
RNG = np.random.default_rng(0)
CENTRES = RNG.standard_normal((3, 5)) * 4 * [1, 10, 100, 0.1, 1]
TABLE_Y = np.arange(200) % 3
TABLE_X = CENTRES[TABLE_Y] + RNG.standard_normal((200, 5)) * [1, 10, 100, 0.1, 1]
IMAGES = RNG.integers(0, 256, (200, 4 * 4 * 3), dtype=np.uint8)
TINY = {
    "random-labels": {"n": 100, "width": 16, "batch": 20, "epochs": 6, "levels": (0.5,)},
    "vacuous-bounds": {"n": 100, "width": 10, "epochs": 2, "random_epochs": 3, "steps": 10, "mc": 100, "m": 10, "D_over_m": 16,
                       "follow": "nothing"},
    "deep-double-descent": {"h": (2, 6), "n": 100, "tests": 40, "steps": 100, "samples": (0,)},
    "lazy-training": {"n": 40, "m": 10, "widths": (10,), "alpha": (0.1, 10.0), "steps": 100},
}  # fmt: skip
STUDIES = tuple(TINY)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """A table of three classes, images of four, real targets."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    own.add("table", own.OwnData("classes", TABLE_X, TABLE_Y, (5,), ("a", "b", "c"), source="t.csv"))
    own.add("pictures", own.OwnData("classes", IMAGES, np.arange(200) % 4, (4, 4, 3), ("0", "1", "2", "3"), source="p.npz"))
    own.add("prices", own.OwnData("targets", TABLE_X, TABLE_X @ np.ones(5), (5,), source="r.csv"))


def config(name, **knobs):
    return registry.spec(name).configure("quick", {**TINY[name], **knobs})


def make(name, seeds=(0,), **knobs):
    chosen = config(name, **knobs)
    return registry.experiment(registry.spec(name))(chosen, seeds, "cpu", "custom")


@pytest.mark.parametrize("dataset", ["table", "pictures"])
@pytest.mark.parametrize("name", STUDIES)
def test_it_runs_to_its_end_and_fails_no_claim(name, dataset):
    run = work(make(name, dataset=dataset))
    verdicts = run.verdicts()
    assert [verdict.claim.id for verdict in verdicts if verdict.status is Status.FAILS] == []
    assert all(verdict.reason for verdict in verdicts if verdict.status is Status.NOT_APPLICABLE)
    assert run.series() and run.arrays() and run.pictures() is not None
    assert headline_of(run)
    assert any(dataset in note for note in run.notes)


@pytest.mark.parametrize("name", STUDIES)
def test_a_resumed_run_ends_with_the_same_records(name):
    whole = work(make(name, dataset="table"))
    first = work(make(name, dataset="table"), until=int(whole.grid[len(whole.grid) // 2]))
    saved = first.state()
    second = make(name, dataset="table")
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert second.history.steps == whole.history.steps
    assert [repr(record) for record in second.history.records] == [repr(record) for record in whole.history.records]


@pytest.mark.parametrize("name", STUDIES)
def test_other_content_and_none_are_refused(name):
    stored = config(name, dataset="table").values()
    run = make(name, dataset="table")
    assert run.config.values() == stored and len(stored["dataset_sha256"]) == 64
    own.add("table", own.OwnData("classes", TABLE_X + 1, TABLE_Y, (5,), ("a", "b", "c"), source="t.csv"), force=True)
    with pytest.raises(DataError, match="table is another one now"):
        build(registry.spec(name).config, stored)
    with pytest.raises(DataError, match="table is another one now"):
        type(run)(run.config, (0,), "cpu", "custom")
    own.remove("table")
    with pytest.raises(DataError, match="is not here"):
        build(registry.spec(name).config, stored)


@pytest.mark.parametrize("name", STUDIES)
def test_more_than_there_is_and_the_wrong_kind_are_refused(name):
    with pytest.raises(KnobError, match=r"at most .* on table|at most 200 together on table"):
        config(name, dataset="table", n=190)
    own.add("falling", own.OwnData("spectrum", None, np.zeros(0), eigenvalues=np.array([2.0, 1.0]), source="s.csv"))
    with pytest.raises(KnobError, match="got falling") as caught:
        config(name, dataset="falling")
    assert "falling was imported as spectrum" in caught.value.hint


@pytest.mark.parametrize("name", ["random-labels", "vacuous-bounds"])
def test_too_few_rows_are_counted(name):
    own.add("few", own.OwnData("classes", TABLE_X[:60], TABLE_Y[:60], (5,), ("a", "b", "c"), source="t.csv"))
    with pytest.raises(KnobError, match="few has 60 rows, of which 48 may be trained on, where at least 100 are needed"):
        config(name, dataset="few")


def test_training_and_test_rows_are_the_stored_ones_and_never_the_same():
    split = load("table", 100, 50, streams(3), own.find("table").sha256)
    both = np.vstack([split.x, split.x_test])
    rows = {row.tobytes(): label for row, label in zip(TABLE_X.astype(np.float32), TABLE_Y, strict=True)}
    assert [rows[row.tobytes()] for row in both] == [*split.y, *split.y_test]
    assert len({row.tobytes() for row in both}) == 150
    assert (split.classes, split.shape, split.called(1)) == (3, (5,), "b")


def test_columns_are_scaled_by_themselves_and_images_as_a_whole():
    table, pictures = (load(name, 100, 50, streams(0)).standardised() for name in ("table", "pictures"))
    np.testing.assert_allclose(table.x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(table.x.std(0), 1, atol=1e-5)
    raw = load("pictures", 100, 50, streams(0))
    np.testing.assert_allclose(pictures.x, (raw.x - raw.x.mean()) / raw.x.std(), atol=1e-5)
    assert raw.x.max() <= 1 and abs(pictures.x.std(0) - 1).max() > 1e-3


def test_a_constant_column_stays_finite():
    x = np.column_stack([TABLE_X, np.full(200, 7.0)])
    own.add("flat", own.OwnData("classes", x, TABLE_Y, (6,), ("a", "b", "c"), source="t.csv"))
    assert np.isfinite(load("flat", 100, 50, streams(0)).standardised().x).all()
    work(make("lazy-training", dataset="flat"))


def test_random_labels_name_their_chance_by_the_number_of_classes():
    run = make("random-labels", dataset="pictures")
    assert run.split.chance_error == 0.75
    assert {marker.at for marker in run.markers() if marker.label == "chance"} == {0.75, 0.25}


def test_inputs_that_repeat_are_left_out_of_the_construction_and_the_claims_that_fit_them():
    x = np.vstack([TABLE_X[:100], TABLE_X[:100]])
    own.add("twice", own.OwnData("classes", x, TABLE_Y, (5,), ("a", "b", "c"), source="t.csv"))
    run = work(make("random-labels", dataset="twice", n=120))
    distinct = len(np.unique(run.split.x, axis=0))
    assert run.constructed.biases.size == distinct < 120
    verdicts = {verdict.claim.id: verdict for verdict in run.verdicts()}
    assert verdicts["RL1"].status is Status.NOT_APPLICABLE and "never repeat" in verdicts["RL1"].reason
    assert verdicts["RL7"].status is Status.HOLDS


def test_two_classes_cannot_decide_that_nothing_transfers():
    own.add("pair", own.OwnData("classes", TABLE_X, TABLE_Y % 2, (5,), ("a", "b"), source="t.csv"))
    verdicts = {verdict.claim.id: verdict for verdict in work(make("random-labels", dataset="pair")).verdicts()}
    assert verdicts["RL2"].status is Status.NOT_APPLICABLE and "2 renamings" in verdicts["RL2"].reason


def test_vacuous_bounds_scale_by_the_test_points_alone():
    run = make("vacuous-bounds", dataset="table")
    problem = run.problems[0]
    np.testing.assert_allclose(problem.x_test.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(problem.x_test.std(0), 1, atol=1e-4)
    assert (problem.x >= problem.x_test.min(0) - 1e-4).all() and (problem.x <= problem.x_test.max(0) + 1e-4).all()
    longest = np.sqrt((problem.inputs**2).sum(1)).max()
    assert longest <= problem.reach <= np.sqrt(np.abs(problem.x_test).max(0) @ np.abs(problem.x_test).max(0) + 1) * 1.001
    assert set(np.unique(problem.signs["true"])) == {-1.0, 1.0}


def test_the_best_constant_outputs_have_the_shares_of_the_classes():
    y = (np.arange(200) % 10 > 6).astype(np.int64)
    own.add("uneven", own.OwnData("classes", TABLE_X, y, (5,), ("a", "b"), source="t.csv"))
    for loss in ("mse", "ce"):
        run = make("deep-double-descent", dataset="uneven", loss=loss)
        share = np.mean(run.problems[0].y_test)
        expected = 2 * share * (1 - share) if loss == "mse" else -share * np.log(share) - (1 - share) * np.log(1 - share)
        assert run.constant == pytest.approx(expected, rel=1e-12)


def test_lazy_training_takes_real_targets():
    run = make("lazy-training", dataset="prices")
    problem = run.students[10, 0].problem
    np.testing.assert_allclose(np.linalg.norm(problem.X, axis=1), 1)
    np.testing.assert_allclose([problem.y.mean(), problem.y.std()], [0, 1], atol=1e-12)
    assert problem.X.shape == (40, 6) and len(problem.X_test) == 160
    signs = make("lazy-training", dataset="table").students[10, 0].problem
    assert set(np.unique(signs.y)) == {-1.0, 1.0}
