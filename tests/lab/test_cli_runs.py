"""Stored runs from the command line: list, show, compare, export, remove; damaged and foreign folders."""

import csv
import json
import shutil
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Exit
from tests.lab.cli_toy import lines


@pytest.fixture
def run(genlab):
    """Makes a run and returns its name."""

    def made(*args):
        code, out, _ = genlab("run", "toy", "--quiet", *args)
        assert code == 0
        return out.strip()

    return made


def test_runs_lists_what_is_there_and_what_is_wrong_with_it(genlab, run, tmp_path):
    assert "no runs in" in genlab("runs")[1]
    first = run("--seeds", "2")
    damaged = run()
    (tmp_path / "runs" / damaged / "manifest.json").write_text("{")
    (tmp_path / "runs" / "foreign").mkdir()
    (tmp_path / "runs" / "letter.txt").write_text("dear diary")
    code, out, err = genlab("runs")
    assert (code, err) == (0, "")
    records = {record["run"]: record for record in lines(genlab("runs", "--json")[1])}
    assert set(records) == {first, damaged, "foreign", "letter.txt"}
    assert records[first] | {"folder": "", "created": ""} == {
        "event": "run",
        "run": first,
        "folder": "",
        "phenomenon": "toy",
        "preset": "quick",
        "seeds": [0, 1],
        "phase": "finished",
        "step": 200,
        "total": 200,
        "created": "",
        "live": False,
        "problem": "",
        "claims": "1 yes, 1 not run",
    }
    for name in (damaged, "foreign", "letter.txt"):
        assert records[name]["problem"]
        assert name in out
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(records)


def test_the_runs_folder_may_be_named(genlab, run, tmp_path):
    name = run("--runs", str(tmp_path / "elsewhere"))
    assert not (tmp_path / "runs").exists()
    assert name in genlab("runs", "--runs", str(tmp_path / "elsewhere"))[1]
    assert genlab("show", str(tmp_path / "elsewhere" / name))[0] == 0


def test_show_draws_figures_pictures_and_verdicts(genlab, run):
    name = run("--seeds", "2")
    code, out, err = genlab("show", name)
    assert (code, err) == (0, "")
    for words in (f"{name}: toy, preset quick", "Decay", "seed 0", "seed 1", "law", "half", "Grid", "The number halves", "yes"):
        assert words in out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 120
    only = genlab("show", name, "--figure", "decay", "--height", "12")[1]
    assert len(only.splitlines()) <= 13
    assert "no figure 'deca' of toy; did you mean decay?" in genlab("show", name, "--figure", "deca")[2]


def test_show_in_ascii(genlab, run, monkeypatch):
    name = run()
    assert genlab("show", name, "--ascii")[1].isascii()


def test_show_json_holds_the_curves(genlab, run):
    name = run()
    (shown,) = lines(genlab("show", name, "--json")[1])
    curve = next(series for series in shown["series"] if series["name"] == "value/0")
    np.testing.assert_allclose(curve["y"], 0.9 ** np.array(curve["x"]), rtol=1e-12)
    assert shown["manifest"]["seeds"] == [0]
    assert shown["pictures"][0]["values"] == np.arange(12.0).reshape(3, 4).tolist()


def test_compare_lists_differences_and_overlays(genlab, run):
    first, second = run(), run("--rate", "0.2")
    code, out, err = genlab("compare", first, second)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert ["rate", "0.1", "0.2"] in rows
    assert not any(row[:1] == ["steps"] for row in rows)
    assert f"a {first}" in out
    assert f"b {second}" in out
    assert "a: seed 0" in out
    assert "b: seed 0" in out
    (record,) = lines(genlab("compare", first, second, "--json")[1])
    assert [item["config"]["rate"] for item in record["runs"]] == [0.1, 0.2]


def test_theory_that_runs_share_is_drawn_once():
    from engine.contract import Axis, Figure, Series
    from lab.compare import overlay
    from tests.lab.test_headless import START

    x = np.arange(3.0)
    law = Series("law", "law", x, x, kind="theory", basis="exact")
    measured = Series("value/0", "seed 0", x, x + 1)
    run = type(START)(**{**vars(START), "series": (law, measured)})
    figure = Figure("decay", "Decay", Axis("step"), Axis("value"), ("value/*", "law"))
    joint, series = overlay(figure, {"a": run, "b": run})
    assert [item.label for item in series] == ["a: seed 0", "a: law", "b: seed 0"]
    assert len({item.name for item in series}) == 3
    assert joint.series == ("*",)


def test_many_curves_are_compared_faintly(genlab, run):
    first, second = run("--seeds", "3"), run("--seeds", "3", "--rate", "0.2")
    code, out, _ = genlab("compare", first, second)
    assert code == 0
    assert "a: seed 0" not in out
    assert "pinned" in out


def test_compare_wants_two_runs_of_one_phenomenon(genlab, run):
    name = run()
    code, _, err = genlab("compare", name, name)
    assert code == Exit.USAGE
    assert "two different runs" in err


def test_csv_has_a_column_a_member_and_a_line_a_point(genlab, run, tmp_path):
    name = run("--seeds", "2")
    code, out, _ = genlab("export", name, "--to", "csv", "-o", str(tmp_path))
    metrics, series = map(Path, out.split())
    assert code == 0
    with metrics.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["step", "value/0", "value/1", "half", "mean"]
    for row in table:
        assert float(row["value/1"]) == pytest.approx(2 * 0.9 ** int(row["step"]), rel=1e-12)
    with series.open(newline="") as file:
        points = list(csv.DictReader(file))
    law = [row for row in points if row["series"] == "law"]
    assert len(law) == len(table)
    assert {row["kind"] for row in law} == {"theory"}
    assert float(law[1]["hi"]) == pytest.approx(1.1 * float(law[1]["y"]))


def test_json_is_strict_and_whole(genlab, run, tmp_path):
    name = run()
    path = Path(genlab("export", name, "--to", "json", "-o", str(tmp_path))[1].strip())
    whole = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert whole["measurements"][0] == {"step": 0, "values": {"value": [1.0], "half": None, "mean": 1.0}}
    assert whole["claims"][0]["id"] == "T1"
    assert whole["manifest"]["config"]["rate"] == 0.1


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_figures_become_files(genlab, run, tmp_path, kind):
    name = run()
    code, out, err = genlab("export", name, "--to", kind, "-o", str(tmp_path))
    paths = [Path(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [path.name for path in paths] == [f"{name}-decay.{kind}", f"{name}-grid-all.{kind}"]
    for path in paths:
        if kind == "svg":
            assert xml.etree.ElementTree.parse(path).getroot().tag.endswith("svg")
        else:
            assert path.read_bytes().startswith(b"\x89PNG")


def test_an_svg_of_the_same_run_is_the_same_file(genlab, run, tmp_path):
    name = run()
    first = Path(genlab("export", name, "--to", "svg", "-o", str(tmp_path / "a"))[1].split()[0]).read_bytes()
    assert Path(genlab("export", name, "--to", "svg", "-o", str(tmp_path / "b"))[1].split()[0]).read_bytes() == first


def test_export_says_what_it_cannot_do(genlab, run, tmp_path):
    name = run()
    code, out, err = genlab("export", name, "--to", "cvs")
    assert (code, out) == (Exit.USAGE, "")
    assert "no format 'cvs'; did you mean csv?" in err
    (tmp_path / "file").write_text("")
    code, _, err = genlab("export", name, "--to", "csv", "-o", str(tmp_path / "file"))
    assert code == Exit.RUN_FAILED
    assert "cannot write to" in err


@pytest.mark.parametrize("command", [["show"], ["export", "--to", "csv"], ["export", "--to", "npz"]])
def test_a_damaged_run_is_one_sentence(genlab, run, tmp_path, command):
    name = run()
    (tmp_path / "runs" / name / "latest.npz").write_bytes(b"PK\x03\x04 torn")
    code, out, err = genlab(command[0], name, *command[1:])
    assert (code, out) == (Exit.RUN_FAILED, "")
    assert "damaged" in err
    assert len(err.splitlines()) == 2


def test_rm_deletes_only_runs_and_only_when_told(genlab, run, tmp_path):
    name = run()
    code, _, err = genlab("rm", name)
    assert code == Exit.USAGE
    assert "--yes" in err
    (tmp_path / "runs" / name / "letter.txt").write_text("keep me")
    code, _, err = genlab("rm", name, "--yes")
    assert code == Exit.RUN_FAILED
    assert "letter.txt" in err
    (tmp_path / "runs" / name / "letter.txt").unlink()
    assert genlab("rm", name, "--yes")[0] == 0
    assert not (tmp_path / "runs" / name).exists()
    (tmp_path / "runs" / "foreign").mkdir()
    assert genlab("rm", "foreign", "--yes")[0] == Exit.RUN_FAILED
    shutil.rmtree(tmp_path / "runs")
