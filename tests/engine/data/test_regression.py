"""Imported rows as regression problems: which rows train and test, how columns are scaled and ordered, what cannot be learnt."""

import numpy as np
import pytest

from engine.data import own
from engine.data.regression import MOST_TESTS, draw_rows, refusal, said, trainable
from engine.errors import DataError, ProblemError

RNG = np.random.default_rng(1)
X = RNG.standard_normal((50, 6)) * [1, 100, 0.01, 5, 1, 1] + [0, 7, 0, 0, 300, 0]
Y = X @ [1.0, 0.1, 0, 2, 0, 0] + RNG.standard_normal(50)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """Real targets; the same as two classes."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    add("prices", X, Y)
    own.add("pair", own.OwnData("classes", X, (Y > 0).astype(np.int64), (6,), ("no", "yes"), source="p.csv"))


def add(name, x, y):
    own.add(name, own.OwnData("targets", x, y, (x.shape[1],), source="t.csv"), force=True)


def draw(name="prices", n=20, order="given", seed=0):
    return draw_rows(name, own.find(name).sha256, n, order, np.random.default_rng(seed))


def test_every_row_trains_or_tests_and_columns_are_scaled_by_the_training_rows():
    rows = draw()
    assert rows.X.shape == (20, 7) and rows.X_test.shape == (30, 7) and rows.rank == 7
    np.testing.assert_array_equal(rows.X[:, 0], 1)
    np.testing.assert_allclose(rows.X[:, 1:].mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(rows.X[:, 1:].std(0), 1, rtol=1e-12)
    np.testing.assert_allclose([rows.y.mean(), rows.y.std()], [0, 1], atol=1e-12)
    both = np.vstack([rows.X, rows.X_test])[:, 1:]
    for k in range(6):  # every row once, each column at one scale
        assert np.corrcoef(np.sort(both[:, k]), np.sort(X[:, k]))[0, 1] == pytest.approx(1, abs=1e-12)


def test_a_random_order_moves_the_columns_and_nothing_else():
    given, moved = draw(), draw(order="random")
    assert not np.allclose(given.X, moved.X)
    key = [np.sort(column.tolist()).tolist() for column in (given.X @ np.ones(7), moved.X @ np.ones(7))]
    np.testing.assert_allclose(key[0], key[1])
    np.testing.assert_array_equal(np.sort(given.y), np.sort(moved.y))


def test_two_classes_are_signs():
    rows = draw("pair")
    assert set(np.unique(rows.y)) == {-1.0, 1.0} and "no is -1, yes +1" in said(own.find("pair"), 20, "given", 7)


def test_d_columns_have_rank_d_up_to_n_though_some_repeat_or_stand_still():
    x = np.column_stack([X[:, 0], 2 * X[:, 0] + 5, np.full(50, 3.0), X[:, 1:], X[:, 1] - X[:, 2]])
    add("dependent", x, Y)
    rows = draw("dependent", n=6)
    assert rows.rank == 6
    assert [np.linalg.matrix_rank(rows.X[:, :d]) for d in range(1, 7)] == [1, 2, 3, 4, 5, 6]
    assert np.isfinite(rows.X_test).all()
    rows = draw("dependent", n=12)
    assert rows.rank == 7 == np.linalg.matrix_rank(rows.X)
    with pytest.raises(ProblemError, match="on 12 training rows of dependent that were drawn, 7 features are independent") as caught:
        rows.of_full_rank("dependent")
    assert "lower n to 7" in caught.value.hint


def test_rows_that_repeat_are_left_out_and_counted():
    add("twice", np.vstack([X, X[:10]]), np.r_[Y, Y[:10] + 1])
    entry = own.find("twice")
    assert trainable(entry) == 40
    rows = draw("twice", n=30)
    assert len(rows.X) + len(rows.X_test) == 50
    assert "10 of 60 rows repeat another and are left out" in said(entry, 30, "given", 7)


def test_more_than_there_is_is_refused_with_the_counts():
    entry = own.find("prices")
    assert refusal(entry, 7, 2) == ""
    assert refusal(entry, 8, 2) == (
        "n must be at most 7: prices has 50 different rows of 6 features, and d = n must be within reach, the constant among d; got 8"
    )
    assert "n must be at most 40" in refusal(entry, 41, 2, threshold=False)
    assert "let n be 7 at most, where at least 20 are needed" in refusal(entry, 20, 20)
    own.add("three", own.OwnData("classes", X, np.arange(50) % 3, (6,), ("a", "b", "c"), source="p.csv"))
    assert "three has 3 classes" in refusal(own.find("three"), 5, 2)


def test_test_rows_are_limited_and_other_content_is_refused():
    many = RNG.standard_normal((MOST_TESTS + 30, 2))
    add("many", many, many[:, 0])
    assert len(draw("many", n=10).X_test) == MOST_TESTS
    with pytest.raises(DataError, match="many is another one now"):
        draw_rows("many", "0" * 64, 10, "given", np.random.default_rng(0))
    add("alike", X, np.r_[np.zeros(49), 1.0])
    with pytest.raises(ProblemError, match="all 5 training targets of alike are equal"):
        draw("alike", n=5, seed=3)
