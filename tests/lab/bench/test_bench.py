import pytest

from engine.errors import LabError
from lab.bench import choose, entries
from lab.bench.entry import Entry, Row, alternate, as_json, must_be_done
from lab.bench.report import run
from tests.lab.command_line import lines


def test_alternating_pairs_keep_sides_apart_and_swap_their_order():
    calls = []

    def side(name):
        def call():
            calls.append(name)
            return float(len(calls))

        return call

    pairs = alternate(side("a"), side("b"), 3)
    assert calls == ["a", "b", "b", "a", "a", "b"]
    assert pairs == [(1.0, 2.0), (4.0, 3.0), (5.0, 6.0)]


def test_a_row_knows_its_median_quartiles_and_goal():
    row = Row("speed", "x", (1.0, 2.0, 3.0, 4.0, 100.0), goal=3.0)
    assert (row.median, row.quartiles, row.reached, row.goal_text) == (3.0, (2.0, 4.0), True, "at least 3 x")
    assert Row("time", "s", (1.0,), goal=0.5, better="lower").reached is False
    assert Row("time", "s", (1.0,)).reached is None


def test_rows_are_printed_with_their_goal_and_as_strict_json(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    from engine.errors import LabError

    def refuse(repeats):
        raise LabError("there is no terminal here", "try another machine")

    rows = (Row("fast", "x", (2.0, 3.0, 4.0), goal=2.5), Row("slow", "ms", (9.0,), goal=5, better="lower", note="at 80x24"))
    good = Entry("good", "two rows", lambda repeats: rows)
    bad = Entry("bad", "cannot", refuse)
    assert run([good], 1) == 0
    captured = capsys.readouterr()
    fast = next(line for line in captured.out.splitlines() if "fast" in line)
    assert fast.split() == ["good", "fast", "3", "2.5", "to", "3.5", "x", "at", "least", "2.5", "x", "yes"]
    assert run([bad, good], 1, json=True) == 3
    captured = capsys.readouterr()
    assert lines(captured.out) == [as_json(good, row) for row in rows]
    assert "not measured: there is no terminal here" in captured.err


def test_entries_are_found_from_the_files_of_a_folder(tmp_path, monkeypatch):
    package = tmp_path / "extra_bench"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "later.py").write_text("from lab.bench.entry import Entry\nENTRIES = (Entry('later', 'a later issue', lambda n: ()),)\n")
    (package / "helper.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [entry.name for entry in entries(package, "extra_bench")] == ["later"]


def test_every_entry_has_its_own_name_and_says_what_it_measures():
    found = entries()
    assert len({entry.name for entry in found}) == len(found)
    assert all(entry.title and entry.repeats >= 1 for entry in found)
    assert {"attached", "startup", "keys", "bytes"} <= {entry.name for entry in found}
    assert [entry.name for entry in choose(["startup"])] == ["startup"]


@pytest.mark.parametrize("name", ["startup"])
def test_an_entry_runs_with_one_repeat(capfd, name):
    from lab.cli.main import main

    assert main(["bench", name, "--repeats", "1", "--json"]) == 0
    records = lines(capfd.readouterr().out)
    assert records
    for record in records:
        assert record["entry"] == name
        assert len(record["readings"]) == 1
        assert record["median"] > 0 or "paused" in record["label"]  # where nothing moves, nothing is written


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attached", "keys", "bytes"])
def test_an_entry_of_the_app_runs_with_one_repeat(capfd, name):
    test_an_entry_runs_with_one_repeat(capfd, name)


def test_work_that_a_person_ended_ends_the_bench_and_work_that_failed_is_not_measured():
    must_be_done(0, "")
    with pytest.raises(KeyboardInterrupt):
        must_be_done(130, "stopped at draw 7; its state is saved")
    with pytest.raises(LabError, match="no space left"):
        must_be_done(3, "no space left")
    with pytest.raises(LabError, match="exit code 9"):
        must_be_done(9, "")
