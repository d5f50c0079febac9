"""Runs as files for other programs: csv, json, npz, svg, png."""

import csv
import json
import xml.etree.ElementTree
from pathlib import Path

import pytest

from engine.errors import Exit


def test_csv_has_a_column_a_seed_and_a_line_a_point(genlab, run, tmp_path):
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
