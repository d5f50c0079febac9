"""`genlab compare`: printed, as JSON and as files; what cannot be compared is one sentence."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Exit, UsageError
from engine.store import RunFolder
from lab.export.comparison import _require_same_data
from tests.lab.command_line import lines


def _table(path):
    """The rows of a csv file."""
    return list(csv.reader(Path(path).read_text().splitlines()))


def test_compare_lists_differences_values_and_verdicts_and_draws_named_curves(genlab, run):
    first, second = run(), run("--rate", "0.2")
    code, out, err = genlab("compare", first, second)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert ["rate", "0.1", "0.2"] in rows and any(row[-2:] == ["7", "4"] and "step" in row for row in rows)
    assert not any(row[:1] == ["steps"] for row in rows)
    assert f"● a {first}" in out and f"▲ b {second}" in out
    assert "● rate .1  ▲ rate .2" in out and "Decay: seed 0" in out
    assert "in full" not in out and "a: " not in out and "\x1b" not in out
    (record,) = lines(genlab("compare", first, second, "--json")[1])
    assert [item["config"]["rate"] for item in record["runs"]] == [0.1, 0.2]
    assert [item["called"] for item in record["runs"]] == ["rate .1", "rate .2"]
    assert [item["values"]["half_step"]["value"] for item in record["runs"]] == [7.0, 4.0]
    assert record["differ"]["rate"] == ["0.1", "0.2"]


def test_many_curves_are_several_figures_with_one_curve_a_run(genlab, run):
    first, second = run("--seeds", "3"), run("--seeds", "3", "--rate", "0.2")
    code, out, _ = genlab("compare", first, second)
    assert code == 0
    for seed in range(3):
        assert f"Decay: seed {seed}" in out
    assert out.count("● rate .1  ▲ rate .2") == 3
    assert genlab("compare", first, second, "--ascii")[1].isascii()


def test_a_figure_is_chosen_by_the_name_of_its_file_too(genlab, run, tmp_path):
    names = run("--seeds", "3"), run("--seeds", "3", "--rate", "0.2")
    code, _, err = genlab("compare", *names, "--to", "svg", "--out", str(tmp_path / "all"))
    assert (code, err) == (0, "")
    files = sorted(path.name for path in (tmp_path / "all").iterdir())
    called = next(file for file in files if len([other for other in files if other.startswith(file.removesuffix(".svg"))]) == 1)
    wanted = called.removesuffix(".svg").partition("-compared-")[2].partition("-")[2]
    code, _, err = genlab("compare", *names, "--to", "svg", "--figure", wanted, "--out", str(tmp_path / "one"))
    assert (code, err) == (0, "") and [path.name for path in (tmp_path / "one").iterdir()] == [called]
    assert genlab("compare", *names, "--to", "csv", "--figure", wanted, "--out", str(tmp_path / "table"))[0] == 0
    code, _, err = genlab("compare", *names, "--to", "svg", "--figure", wanted + "x", "--out", str(tmp_path / "none"))
    assert code == Exit.USAGE and f"did you mean {wanted}" in err


def test_what_cannot_be_compared_is_one_sentence(genlab, run, tmp_path):
    name = run()
    for names, sentence in (((name, name), "two different runs"), ((name,), "two different runs"), ((name, "nothing"), "no run")):
        code, out, err = genlab("compare", *names)
        assert (code, out) == (Exit.USAGE, "") and sentence in err and len(err.splitlines()) <= 2
    damaged = run()
    (tmp_path / "runs" / damaged / "latest.npz").write_bytes(b"torn")
    code, out, err = genlab("compare", name, damaged)
    assert (code, out) == (Exit.RUN_FAILED, "") and "damaged" in err and len(err.splitlines()) == 2


def test_runs_of_different_phenomena_are_refused(genlab, run):
    toy = run()
    _, out, _ = genlab("run", "interpolation-threshold", "--n", "10", "--draws", "2", "--quiet")
    code, _, err = genlab("compare", toy, out.strip())
    assert code == Exit.USAGE and "only runs of one phenomenon can be compared, got interpolation-threshold and toy" in err


def test_a_name_that_stands_for_other_data_is_refused(genlab, run, tmp_path):
    from engine.phenomena.random_labels.config import RandomLabelsConfig

    folder = RunFolder.open(tmp_path / "runs" / run())
    one, two, three = (
        replace(folder.load_snapshot(), config={"dataset": name, "dataset_sha256": content})
        for name, content in (("mine", "a1"), ("mine", "b2"), ("other", "b2"))
    )
    _require_same_data(RandomLabelsConfig, {"first": (folder, one), "third": (folder, three)})
    with pytest.raises(UsageError, match="data set mine of second has another content than that of first"):
        _require_same_data(RandomLabelsConfig, {"first": (folder, one), "second": (folder, two)})


def test_equal_names_in_two_folders_are_two_runs(genlab, tmp_path):
    for place, rate in (("A", "0.1"), ("B", "0.2")):
        genlab("run", "toy", "--rate", rate, "--steps", "20", "--quiet", "--runs", str(tmp_path / place))
    paths = [str(tmp_path / place / "toy-custom-s0") for place in "AB"]
    code, out, err = genlab("compare", *paths, "--json")
    assert (code, err) == (0, "")
    assert [(item["run"], item["config"]["rate"]) for item in lines(out)[0]["runs"]] == list(zip(paths, (0.1, 0.2), strict=True))
    assert genlab("compare", paths[0], paths[0])[0] == Exit.USAGE


def test_a_comparison_is_written_as_files_like_a_run(genlab, run, tmp_path):
    first, second = run(), run("--rate", "0.2")
    made = {}
    for to in ("csv", "json", "txt"):
        code, out, err = genlab("compare", first, second, "--to", to, "--out", str(tmp_path / "out"))
        assert (code, err) == (0, "")
        made[to] = out.split()
    table, curves, values, about = made["csv"]
    assert _table(table)[:3] == [["", first, second], ["called", "rate .1", "rate .2"], ["rate", "0.1", "0.2"]]
    rows = [dict(zip(_table(values)[0], row, strict=True)) for row in _table(values)[1:]]
    assert [(row["run"], row["value"]) for row in rows if row["name"] == "half_step"] == [(first, "7.0"), (second, "4.0")]
    assert {tuple(row[:2]) for row in _table(curves)[1:]} == {(first, "rate .1"), (second, "rate .2")}
    document = json.loads(Path(made["json"][0]).read_text())
    assert len(document["runs"][1]["series"]) == 2 and document["about"]["command"].count("genlab run toy") == 2
    assert "rate .1" in Path(made["txt"][0]).read_text() and json.loads(Path(about).read_text())["digest"] == document["about"]["digest"]
    code, _, err = genlab("compare", first, second, "--to", "csv", "--out", str(tmp_path / "out"))
    assert code == Exit.USAGE and "is there already" in err
    code, _, err = genlab("compare", first, second, "--to", "npy")
    assert code == Exit.USAGE and "no format 'npy' of a comparison; did you mean npz?" in err
    code, _, err = genlab("compare", first, second, "--to", "txt", "--figure", "decoy")
    assert code == Exit.USAGE and "no figure 'decoy' to compare; did you mean decay?" in err


def test_a_comparison_is_one_npz_with_each_runs_curves_under_its_name(genlab, run, tmp_path):
    first, second = run(), run("--rate", "0.2", "--seeds", "2")
    code, out, err = genlab("compare", first, second, "--to", "npz", "--out", str(tmp_path))
    assert (code, err) == (0, "")
    with np.load(out.strip(), allow_pickle=False) as arrays:
        assert list(arrays["runs"]) == [first, second] and list(arrays["called"]) == ["rate .1, seed 0", "rate .2, seeds 0-1"]
        assert json.loads(str(arrays["about"]))["command"].count("genlab run toy") == 2
        for name, called in ((first, "rate-.1-seed-0"), (second, "rate-.2-seeds-0-1")):
            alone = Path(genlab("export", name, "--to", "npz", "--out", str(tmp_path))[1].strip())
            with np.load(alone) as own:
                parts = [key for key in own.files if key.startswith(("series/", "values/"))]
                assert parts and {f"{called}/{key}" for key in parts} == {key for key in arrays.files if key.startswith(f"{called}/")}
                assert all(np.array_equal(own[key], arrays[f"{called}/{key}"], equal_nan=True) for key in parts)


def test_one_figure_of_a_comparison_holds_its_curves_alone(genlab, run, tmp_path):
    first, second = run(), run("--rate", "0.2")
    whole, part = ([*map(_table, genlab("compare", first, second, "--to", "csv", "--out", str(tmp_path / place), *more)[1].split()[:2])][1]
                   for place, more in (("a", ()), ("b", ("--figure", "decay"))))  # fmt: skip
    assert whole[0] == part[0] and {row[2] for row in part[1:]} <= {row[2] for row in whole[1:]} and len(part) > 1


def test_help_of_export_and_of_compare_name_each_other(genlab):
    assert "genlab compare RUN RUN... --to FORMAT" in " ".join(genlab("export", "--help")[1].split())
    assert "genlab export RUN... --to FORMAT" in " ".join(genlab("compare", "--help")[1].split())


def test_a_comparison_is_drawn_with_names_in_the_legend_and_commands_below(genlab, run, tmp_path):
    first, second = run(), run("--rate", "0.2")
    _, out, _ = genlab("compare", first, second, "--to", "svg", "--out", str(tmp_path))
    text = Path(out.strip()).read_text()
    for words in ("rate .1", "rate .2", "law", "genlab run toy"):
        assert words in text
