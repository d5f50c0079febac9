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


@pytest.mark.parametrize("kind", ["csv", "json", "npz", "svg"])
def test_what_is_there_is_replaced_only_by_force(genlab, run, tmp_path, kind):
    name, place = run(), tmp_path / "out"
    written = genlab("export", name, "--to", kind, "-o", str(place))[1].split()
    for path in map(Path, written):
        path.write_text("mine")
    code, out, err = genlab("export", name, "--to", kind, "-o", str(place))
    assert (code, out) == (Exit.USAGE, "") and f"{written[0]} is there already\n  Add --force" in err
    assert {path.read_text() for path in place.iterdir()} == {"mine"}
    assert genlab("export", name, "--to", kind, "-o", str(place), "--force")[:2] == (0, "".join(f"{path}\n" for path in written))
    assert b"mine" not in {path.read_bytes() for path in place.iterdir()} and len(list(place.iterdir())) == len(written)


def test_no_link_is_followed(genlab, run, tmp_path):
    name = run()
    elsewhere, link = tmp_path / "elsewhere", tmp_path / f"{name}.json"
    elsewhere.write_text("mine")
    link.symlink_to(elsewhere)
    assert genlab("export", name, "--to", "json", "-o", str(tmp_path))[0] == Exit.USAGE
    assert genlab("export", name, "--to", "json", "-o", str(tmp_path), "--force")[0] == 0
    assert elsewhere.read_text() == "mine" and not link.is_symlink()


def test_a_user_that_is_not_there_is_a_sentence(genlab, run):
    code, _, err = genlab("export", run(), "--to", "json", "-o", "~nosuchuser/there")
    assert (code, err.splitlines()[0]) == (Exit.USAGE, "genlab: there is no user ~nosuchuser")
