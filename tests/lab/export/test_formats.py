"""Runs as files for other programs: csv, json, npz, txt, svg, pdf, png."""

import csv
import json
import re
import shlex
import xml.etree.ElementTree
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import registry
from engine.errors import Exit, LabError
from engine.store import RunFolder
from lab.export.formats import export_runs
from screens.application import ExportRequest

TEXTS = ("svg", "pdf", "png", "npz", "json", "csv", "txt")


def exported(genlab, name, kind, place, *more):
    code, out, err = genlab("export", name, "--to", kind, "-o", str(place), *more)
    assert (code, err) == (0, "")
    return [Path(line) for line in out.splitlines()]


def said_by(path):
    """What a file says of where it comes from, by a reader that knows nothing of genlab."""
    match path.suffix:
        case ".png":
            with Image.open(path) as image:
                return json.loads(image.text["Description"])
        case ".svg":
            (found,) = [node.text for node in xml.etree.ElementTree.parse(path).iter() if node.tag.endswith("}description")]
            return json.loads(found)
        case ".pdf":
            (found,) = re.findall(rb"/Keywords \((.*?)(?<!\\)\)\s", path.read_bytes(), re.DOTALL)
            return json.loads(re.sub(rb"\\([()\\])", rb"\1", found))
        case ".npz":
            return json.loads(str(np.load(path, allow_pickle=False)["about"]))
        case ".json":
            found = json.loads(path.read_text())
            return found.get("about", found)
    raise AssertionError(path)


def test_csv_has_a_column_a_seed_and_a_line_a_point(genlab, run, tmp_path):
    metrics, series, values, claims, about = exported(genlab, run("--seeds", "2"), "csv", tmp_path)
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
    with claims.open(newline="") as file:
        assert [(row["id"], row["status"]) for row in csv.DictReader(file)] == [("T1", "holds"), ("T2", "not run")]
    assert values.read_text().startswith("name,label,unit,seed,value,censored,reason")
    assert json.loads(about.read_text())["seeds"] == [0, 1]


def test_json_is_strict_and_whole(genlab, run, tmp_path):
    (path,) = exported(genlab, run(), "json", tmp_path)
    whole = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert whole["measurements"][0] == {"step": 0, "values": {"value": [1.0], "half": None, "mean": 1.0}}
    assert whole["claims"][0]["id"] == "T1"
    assert whole["manifest"]["config"]["rate"] == 0.1


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_figures_become_files(genlab, run, tmp_path, kind):
    name = run()
    paths = exported(genlab, name, kind, tmp_path)
    assert [path.name for path in paths] == [f"{name}-decay.{kind}", f"{name}-grid-all.{kind}"]
    start = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}[kind]
    assert all(path.read_bytes().startswith(start) for path in paths)


@pytest.mark.parametrize("kind", [kind for kind in TEXTS if kind != "txt"])
def test_a_file_says_by_which_command_and_versions_it_came_about(genlab, run, tmp_path, kind):
    name = run("--rate", "0.2", "--seed", "3", "--seeds", "2")
    manifest = RunFolder.open(tmp_path / "runs" / name).manifest
    about = said_by(exported(genlab, name, kind, tmp_path / "out")[-1])
    assert about["command"] == manifest.command_line and "--rate 0.2 --seed 3 --seeds 2" in about["command"]
    assert (about["versions"], about["seeds"], about["digest"]) == (manifest.versions, [3, 4], manifest.digest)
    assert about["references"] == ["nobody 1900"] and about["config"] == manifest.config
    assert about["claims"] == {"holds": ["T1"], "fails": ["T2"]}


def test_the_command_of_a_file_gives_its_numbers_and_digest_again(genlab, run, tmp_path):
    (first,) = exported(genlab, run("--rate", "0.3"), "npz", tmp_path / "a")
    words = shlex.split(said_by(first)["command"])
    assert words[0] == "genlab"
    again = genlab(*words[1:], "--quiet")[1].strip()
    (second,) = exported(genlab, again, "npz", tmp_path / "b")
    one, two = np.load(first), np.load(second)
    assert set(one) == set(two) and said_by(first)["digest"] == said_by(second)["digest"]
    for name in set(one) - {"about"}:
        np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize("kind", TEXTS)
def test_the_same_run_is_the_same_file(genlab, run, tmp_path, kind):
    name = run()
    first, second = ([path.read_bytes() for path in exported(genlab, name, kind, tmp_path / place)] for place in "ab")
    assert first == second


def test_text_stays_text_in_svg_and_pdf(genlab, run, tmp_path):
    name = run()
    words = " ".join(node.text or "" for node in xml.etree.ElementTree.parse(exported(genlab, name, "svg", tmp_path)[0]).iter())
    assert all(text in words for text in ("Decay", "value (units)", "law", "half", "Claims: holds T1; not run T2.", "genlab run toy"))
    pdf = exported(genlab, name, "pdf", tmp_path)[0].read_bytes()
    assert b"/Type /Font" in pdf and b"/Subtype /Type3" not in pdf
    streams = [zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x\x9c.*?)\r?\nendstream", pdf, re.DOTALL)]
    assert any(b" Tj" in part or b" TJ" in part for part in streams)


def test_one_figure_or_some(genlab, run, tmp_path):
    name = run()
    assert [path.name for path in exported(genlab, name, "svg", tmp_path / "a", "--figure", "grid/all")] == [f"{name}-grid-all.svg"]
    both = exported(genlab, name, "svg", tmp_path / "b", "--figure", "grid/all", "--figure", "decay")
    assert len(both) == 2
    (text,) = exported(genlab, name, "txt", tmp_path / "t", "--figure", "decay")
    assert "Decay" in text.read_text() and "Grid" not in text.read_text()
    (arrays,) = exported(genlab, name, "npz", tmp_path / "c", "--figure", "grid/all")
    assert not [key for key in np.load(arrays) if key.startswith("series/")]
    code, out, err = genlab("export", name, "--to", "svg", "--figure", "decoy")
    assert (code, out) == (Exit.USAGE, "") and "no figure 'decoy' of toy; did you mean decay?\n  figures: decay, grid/all" in err


def test_a_figure_that_shares_its_curves_with_another_comes_alone(genlab, run, tmp_path, monkeypatch):
    from lab.export import formats

    def doubled(name):
        declared = registry.spec(name)
        return replace(declared, figures=(*declared.figures, replace(declared.figures[0], name="again")))

    name = run()
    monkeypatch.setattr(formats, "spec", doubled)
    for figure in ("decay", "again"):
        assert [path.name for path in exported(genlab, name, "svg", tmp_path / figure, "--figure", figure)] == [f"{name}-{figure}.svg"]


def test_a_figure_without_content_is_a_sentence(genlab, run, tmp_path, monkeypatch):
    from lab.export import formats

    monkeypatch.setattr(formats, "with_points", lambda figure, series: [])
    code, out, err = genlab("export", run(), "--to", "csv", "--figure", "decay", "-o", str(tmp_path / "out"))
    assert (code, out) == (Exit.USAGE, "") and "there is nothing to draw in decay of this run" in err


def test_several_runs_at_once_or_none(genlab, run, tmp_path):
    first, second = run(), run("--rate", "0.2")
    code, out, _ = genlab("export", first, second, "--to", "json", "-o", str(tmp_path / "out"))
    assert code == 0 and [Path(line).name for line in out.splitlines()] == [f"{first}.json", f"{second}.json"]
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / f"{second}.json").write_text("mine")
    assert genlab("export", first, second, "--to", "json", "-o", str(tmp_path / "half"))[0] == Exit.USAGE
    assert [path.name for path in (tmp_path / "half").iterdir()] == [f"{second}.json"]
    (tmp_path / "other").mkdir()
    (tmp_path / "runs" / first).rename(tmp_path / "other" / second)
    code, _, err = genlab("export", second, str(tmp_path / "other" / second), "--to", "json", "-o", str(tmp_path / "two"))
    assert code == Exit.USAGE and f"two of the runs are called {second}" in err


@pytest.mark.parametrize("name", ["kept here", "über", "%s{0}", "-dash", "a\nb", "x" * 200])
def test_odd_names_of_folders_are_names_of_files(genlab, run, tmp_path, name):
    odd = (tmp_path / "runs" / run()).rename(tmp_path / "runs" / name)
    for kind in ("json", "svg"):
        code, _, err = genlab("export", "--to", kind, "-o", str(tmp_path / kind), "--", str(odd))
        assert (code, err) == (0, ""), err
        assert len(list((tmp_path / kind).iterdir())) == {"json": 1, "svg": 2}[kind]


@pytest.mark.parametrize(("given", "fine"), [("3.3", True), ("0", False), ("nan", False), ("wide", False), ("1e9", False)])
def test_the_width_of_drawings(genlab, run, tmp_path, given, fine):
    code, out, err = genlab("export", run(), "--to", "png", "--figure", "decay", "--width", given, "-o", str(tmp_path))
    assert code == (0 if fine else Exit.USAGE)
    if fine:
        with Image.open(out.strip()) as image:
            assert image.width == 660
    else:
        assert f"width must be a number between 2 and 40 (inches), got {given}" in err


def test_export_says_what_it_cannot_do(genlab, run, tmp_path):
    name = run()
    code, out, err = genlab("export", name, "--to", "cvs")
    assert (code, out) == (Exit.USAGE, "")
    assert "no format 'cvs'; did you mean csv?" in err
    (tmp_path / "file").write_text("")
    code, _, err = genlab("export", name, "--to", "csv", "-o", str(tmp_path / "file"))
    assert code == Exit.USAGE and "is a file, and no folder" in err


@pytest.mark.parametrize(("module", "kind", "extra"), [("image_files", "svg", "plot"), ("tensorboard_files", "tensorboard", "tensorboard")])
def test_a_writer_that_is_not_installed_is_a_sentence(genlab, run, tmp_path, monkeypatch, module, kind, extra):
    monkeypatch.setitem(__import__("sys").modules, f"lab.export.{module}", None)
    code, out, err = genlab("export", run(), "--to", kind, "-o", str(tmp_path / "out"))
    assert (code, out) == (Exit.USAGE, "")
    assert "is not installed" in err and f"pip install 'genlab[{extra}]'" in err and not (tmp_path / "out").exists()


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


def test_a_file_where_the_folder_should_be_is_named(genlab, run, tmp_path):
    (tmp_path / "taken").write_text("mine")
    code, out, err = genlab("export", run(), "--to", "csv", "--out", str(tmp_path / "taken"))
    assert (code, out) == (Exit.USAGE, "") and "taken is a file, and no folder" in err and (tmp_path / "taken").read_text() == "mine"


def test_a_failed_export_leaves_no_folder(run, tmp_path):
    told = []

    def watch(written, of):
        told.append((written, of))
        if written:
            raise LabError("enough")

    place = tmp_path / "deep" / "er"
    with pytest.raises(LabError, match="enough"):
        export_runs([run()], None, ExportRequest("svg", place, watch=watch))
    assert told[0][0] == 0 and told[1] == (1, told[0][1]) and told[0][1] > 1
    assert not place.parent.exists()
