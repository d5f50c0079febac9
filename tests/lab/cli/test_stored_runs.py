"""Stored runs from the command line: list, show, remove; damaged and foreign folders."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Phase
from engine.errors import Exit
from engine.store import Progress, RunFolder
from tests.engine.running import until
from tests.lab.command_line import finish, lines


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
    values = records[first]["values"]
    assert values["last_value"]["seeds"] == pytest.approx([0.9**200, 2 * 0.9**200], rel=1e-9)
    assert (values["half_step"]["value"], values["half_step"]["unit"], values["half_step"]["censored"]) == (7.0, "step", [False, False])
    assert values["share_of_seeds"] == {
        "value": None, "lo": None, "hi": None, "unit": "", "seeds": [], "censored": [], "reason": "needs three seeds",
    }  # fmt: skip
    assert records[first] | {"folder": "", "created": "", "values": {}} == {
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
        "flaw": "",
        "claims": {"holds": 1, "fails": 0, "pending": 0, "censored": 0, "not run": 1, "not applicable": 0},
        "values": {},
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
    assert _row(out, "half_step")[-2:] == ["7", "step"]  # of both seeds: no range
    assert "no value, needs three seeds: share_of_seeds" in out
    assert "Bound on the number: seed 0 0.25 met\n  value = (1 - rate)^t\n  seed 0: rate=0.1" in out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 120
    only = genlab("show", name, "--figure", "decay", "--height", "12")[1]
    assert len(only.splitlines()) <= 13
    assert "no figure 'deca' of toy; did you mean decay?" in genlab("show", name, "--figure", "deca")[2]


def _row(out, name):
    """The words of a table's row."""
    return next(line.split() for line in out.splitlines() if line.split()[:1] == [name])


def test_show_in_ascii(genlab, run, monkeypatch):
    name = run()
    assert genlab("show", name, "--ascii")[1].isascii()


def test_show_json_holds_the_curves(genlab, run):
    name = run()
    (shown,) = lines(genlab("show", name, "--json")[1])
    curve = next(series for series in shown["series"] if series["name"] == "value/0")
    np.testing.assert_allclose(curve["y"], 0.9 ** np.array(curve["x"]), rtol=1e-12)
    assert shown["manifest"]["seeds"] == [0]
    assert shown["details"][0]["formula"] == "value = (1 - rate)^t"
    assert shown["pictures"][0]["values"] == np.arange(12.0).reshape(3, 4).tolist()


@pytest.mark.parametrize("command", [["show"], ["export", "--to", "csv"], ["export", "--to", "npz"]])
def test_a_damaged_run_is_one_sentence(genlab, run, tmp_path, command):
    name = run()
    (tmp_path / "runs" / name / "latest.npz").write_bytes(b"PK\x03\x04 torn")
    code, out, err = genlab(command[0], name, *command[1:])
    assert (code, out) == (Exit.RUN_FAILED, "")
    assert "damaged" in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize("command", [["compare"], ["export", "--to", "csv"], ["compare", "--to", "npz"]])
def test_a_damaged_result_is_said_though_nothing_is_read_from_it(genlab, run, tmp_path, command):
    damaged, whole = run(), run("--seed", "4")
    (tmp_path / "runs" / damaged / "result.json").write_text('{"claims": [')
    code, out, err = genlab(command[0], damaged, whole, *command[1:], *(("--out", str(tmp_path)) if "--to" in command else ()))
    assert code == 0 and out
    said = [line for line in err.splitlines() if "damaged" in line]
    assert len(said) == 1 and "result.json" in said[0] and damaged in said[0]
    assert f"genlab resume {damaged}" in said[0]


@pytest.mark.parametrize("file", ["result.json", "arrays.npz"])
def test_a_run_that_says_it_is_finished_and_lacks_what_it_should_have_left_says_so(genlab, run, tmp_path, file):
    name, other = run(), run("--seed", "4")
    (tmp_path / "runs" / name / file).unlink()
    sentence = f"{file} is missing, though the run says that it is finished; genlab resume {name} makes it anew"
    out = genlab("runs")[1]
    assert sentence in out and "damaged" in _row(out, name) and "finished" in _row(out, other)
    record = next(record for record in lines(genlab("runs", "--json")[1]) if record["run"] == name)
    assert record["phase"] == "finished" and sentence in record["flaw"] and not record["problem"]
    (shown,) = lines(genlab("show", name, "--json")[1])
    assert sentence in shown["notes"][-1] and "note: " in genlab("show", name)[1]
    for command in (["compare", name, other], ["export", name, "--to", "json", "--out", str(tmp_path)]):
        code, out, err = genlab(*command)
        assert code == 0 and out and sentence in err
    assert genlab("resume", name, "--quiet")[0] == 0
    assert (tmp_path / "runs" / name / file).is_file() and sentence not in genlab("runs")[1]


def test_a_run_that_was_copied_names_where_it_is_now(genlab, run, tmp_path):
    name = run()
    folder = RunFolder.open(tmp_path / "runs" / name, writable=True)
    hint = f"genlab resume {folder.path} continues"
    stopped = replace(folder.load_snapshot(), phase=Phase.STOPPED, sentence="stopped", hint=hint)
    folder.save_snapshot(stopped)
    folder.save_progress(Progress(Phase.STOPPED, "stopped", hint))
    folder.close()
    moved = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(folder.path, moved)
    (shown,) = lines(genlab("show", str(moved), "--json")[1])
    found = RunFolder.open(moved)
    assert (shown["run"], shown["folder"]) == ("renamed", str(moved))
    assert shown["hint"] == found.load_progress().hint == f"genlab resume {moved} continues"


def test_nothing_is_drawn_of_a_run_without_a_measurement_and_that_is_said(genlab, run, tmp_path):
    name = run()
    folder = RunFolder.open(tmp_path / "runs" / name, writable=True)
    folder.save_snapshot(replace(folder.load_snapshot(), series=(), pictures=()))
    folder.close()
    for command in (["export", name], ["compare", name, run("--seed", "4"), "--figure", "grid"]):
        code, out, err = genlab(*command, "--to", "svg", "--out", str(tmp_path / "out"))
        assert (code, out) == (Exit.USAGE, "") and len(err.splitlines()) == 2
    assert not (tmp_path / "out").exists()


def test_control_characters_that_are_read_back_never_reach_the_terminal(genlab, run, tmp_path):
    name = run()
    path = tmp_path / "runs" / name / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "preset": "\x1b[31mred\x07\x9b\u202e"}))
    os.mkdir(os.fsencode(tmp_path / "runs") + b"/\xff\x1b[2J")  # noqa: PTH102 (a name that is no text)
    code, out, err = genlab("runs")
    assert (code, err) == (0, "")
    assert "[31mred" in out
    assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}
    strange = os.fsdecode(b"\xff\x1b[2J")
    for command in (["show", strange], ["rm", strange, "--yes"], ["run", strange], ["info", "toy\u202e"]):
        code, out, err = genlab(*command)
        assert (code, out) == (Exit.USAGE, "") and not set(err) & {"\x1b", "\u202e"}


@pytest.mark.parametrize("command", [["show"], ["export", "--to", "csv"], ["resume"], ["compare"]])
def test_a_run_of_an_older_format_is_one_sentence(genlab, run, tmp_path, command):
    name = run()
    path = tmp_path / "runs" / name / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 1}))
    code, out, err = genlab(command[0], name, *command[1:])
    assert (code, out) == (Exit.RUN_FAILED, "")
    assert err.startswith(f"genlab: run {name} was written by an older genlab (format 1; this one reads format 2)\n")
    assert len(err.splitlines()) == 2
    assert "older format" in genlab("runs")[1]


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
    assert genlab("rm", "foreign", "--yes")[0] == Exit.USAGE
    shutil.rmtree(tmp_path / "runs")


def test_only_what_lies_in_the_runs_folder_is_removed(genlab, run, tmp_path):
    name = run()
    (tmp_path / "other").mkdir()
    code, _, err = genlab("rm", str(tmp_path / "runs" / name), "--yes", "--runs", str(tmp_path / "other"))
    assert code == Exit.RUN_FAILED and "deleted" not in err
    assert (tmp_path / "runs" / name / "manifest.json").exists()


def test_rm_of_several_decides_on_all_before_it_deletes_one(genlab, run, tmp_path):
    first, second = run(), run()
    (tmp_path / "runs" / second / "letter.txt").write_text("keep me")
    code, _, err = genlab("rm", first, second, "--yes")
    assert code == Exit.RUN_FAILED and "letter.txt" in err and "deleted" not in err
    assert (tmp_path / "runs" / first / "manifest.json").exists()
    (tmp_path / "runs" / second / "letter.txt").unlink()
    code, _, err = genlab("rm", first, second, first, str(tmp_path / "runs" / second), "--yes")
    assert (code, err.count("deleted")) == (0, 2)
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_name_of_a_resumed_run_never_commands_the_terminal(genlab, run, tmp_path):
    path = (tmp_path / "runs" / run()).rename(tmp_path / "runs" / "red\x1b[31m\u202e")
    (path / "result.json").unlink()  # then it is finished anew
    code, out, err = genlab("resume", path.name, "--quiet")
    assert (code, out) == (0, "red\ufffd[31m\ufffd\n") and "\x1b" not in err


def test_control_characters_of_the_runs_folder_never_reach_the_terminal(genlab, run, tmp_path):
    folder = str(tmp_path / "red\x1b[31m")
    run("--runs", folder)
    for command in ("runs", "doctor"):
        _, out, err = genlab(command, "--runs", folder)
        assert "red" in out and "\x1b" not in out + err


def test_runs_in_a_file_is_one_sentence(genlab, tmp_path):
    (tmp_path / "letter").write_text("dear diary")
    code, _, err = genlab("run", "toy", "--runs", str(tmp_path / "letter"))
    assert code == Exit.RUN_FAILED and "a part of the path is not a folder" in err
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    code, _, err = genlab("run", "toy", "--runs", str(tmp_path / "nowhere"))
    assert code == Exit.RUN_FAILED and "a part of the path is not a folder" in err


def test_a_strange_name_takes_no_room_from_the_other_columns(genlab, run, tmp_path):
    shutil.copytree(tmp_path / "runs" / run(), tmp_path / "runs" / ("n" * 200))
    (tmp_path / "runs" / "n-quick-s0").mkdir()
    (tmp_path / "runs" / ("n" * 200)).rename(tmp_path / "runs" / ("two\nlines" + "n" * 190))
    _, out, _ = genlab("runs")
    (line,) = [line for line in out.splitlines() if "nnnn" in line]
    assert all(word in line for word in ("two", "lines", "toy", "quick", "finished", "200"))


def test_a_command_that_is_named_finds_a_run_in_any_folder(genlab, tmp_path):
    elsewhere = tmp_path / "else where"
    _, out, err = finish(tmp_path / "runs", "run", "toy", "--detach", "--runs", str(elsewhere))
    path = elsewhere / out.strip()
    assert f"genlab watch '{path}'" in err
    until(lambda: RunFolder.open(path).whole() and not RunFolder.open(path).live)
    _, _, err = genlab("resume", out.strip(), "--runs", str(elsewhere))
    assert f"see it with genlab show '{path}'" in err


@pytest.mark.parametrize("columns", [None, "120", "80", "40"])
def test_a_listing_has_one_line_a_run_however_narrow_and_a_pipe_gets_every_column(genlab, run, tmp_path, monkeypatch, columns):
    names = [run("--seeds", "2"), run()]
    (tmp_path / "runs" / names[1] / "manifest.json").write_text("{")
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    code, out, err = genlab("runs")
    assert code == 0
    head, rule, *rows = [line for line in out.splitlines() if line.strip()][1:]
    for name, row in zip(sorted(names), sorted(rows[:2]), strict=True):
        assert row.split()[0] == name
    assert max(map(len, (head, rule, *rows[:2]))) <= int(columns or 1000)
    everything = ["run", "phenomenon", "preset", "seeds", "phase", "step", "begun", "claims"]
    left_out = [name for name in everything if name not in head.split()]
    assert head.split() == [name for name in everything if name not in left_out] and {"run", "phase"} <= set(head.split())
    assert not left_out if columns in (None, "120") else left_out
    assert err == (f"no room here for {', '.join(left_out)}; everything: genlab runs --json\n" if left_out else "")
    assert rows[2].startswith(f"{names[1]}: ") and len(rows) == 3  # what is wrong, in one piece
