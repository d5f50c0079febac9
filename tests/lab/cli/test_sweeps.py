"""Sweeps from the command line: every cell in a process of its own; cells that are killed, sweeps that are begun again."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from engine.errors import Exit
from engine.registry import spec
from engine.store import list_runs
from lab.running.begun_sweeps import BegunSweep
from lab.running.children import ended, killed_by, result_line
from lab.running.sweep import Plan
from tests.lab.command_line import finish, lines, start

PATIENCE = 60.0  # seconds until a condition that should come is called missing
GRID = ("--grid", "pause=0,0.01", "--steps", "400", "--rate", "0.001", "--json")  # one at once, one that takes seconds


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)


def at_work(runs):
    """The processes that write runs now."""
    locks = [run.path / "lock" for run in list_runs(runs) if run.live]
    return [int(path.read_text().split()[0]) for path in locks]


def comparable(records):
    """What cells came to, without where and how."""
    kept = ("phase", "step", "claims", "code")
    return {record["knobs"]["pause"]: {key: record[key] for key in kept} for record in records if record["event"] == "cell"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the cells come to when nobody disturbs them."""
    code, out, _ = finish(tmp_path_factory.mktemp("undisturbed"), "sweep", "toy", *GRID)
    assert code == 0
    return comparable(lines(out))


def test_sweep_runs_every_cell_in_its_own_folder(tmp_path):
    code, out, err = finish(tmp_path, "sweep", "toy", "--grid", "rate=.1,.0001", "--steps", "20", "--json", "--workers", "2")
    records = lines(out)
    assert code == 0, err
    assert {(record["knobs"]["rate"], record["phase"]) for record in records[:-1]} == {(".1", "finished"), (".0001", "finished")}
    assert {record["knobs"]["rate"]: record["claims"][0]["status"] for record in records[:-1]} == {".1": "holds", ".0001": "fails"}
    assert records[-1] == {"event": "sweep", "cells": 2, "done": 2, "failed": 0}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cell_that_is_killed_once_is_resumed_and_counts_once(tmp_path, undisturbed):
    with start(tmp_path, "sweep", "toy", *GRID, "--workers", "1") as child:
        until(lambda: len(list(tmp_path.glob("*/state.json"))) == 2 and at_work(tmp_path), "the second cell at work")
        os.kill(at_work(tmp_path)[0], signal.SIGKILL)
        records, err = lines(child.stdout.read()), child.stderr.read()
    assert (child.returncode, err) == (0, "")
    assert comparable(records) == undisturbed
    assert [record["resumed"] for record in records[:-1]] == [False, True]
    assert records[-1] == {"event": "sweep", "cells": 2, "done": 2, "failed": 0}
    assert len(list_runs(tmp_path)) == 2
    assert not list(tmp_path.glob(".sweep-*")), "the same command begins anew"


def test_a_cell_that_is_killed_twice_has_failed_and_names_its_run(tmp_path):
    killed = set()
    grid = ("--grid", "rate=0.001,0.002", "--steps", "1000000", "--pause", "0.001", "--json")
    with start(tmp_path, "sweep", "toy", *grid, "--workers", "2") as child:
        while child.poll() is None:
            for process in at_work(tmp_path):
                if process not in killed:
                    os.kill(process, signal.SIGKILL)
                    killed.add(process)
            time.sleep(0.01)
        records, err = lines(child.stdout.read()), child.stderr.read()
    assert (child.returncode, err, len(killed)) == (Exit.RUN_FAILED, "", 4)
    assert records[-1] == {"event": "sweep", "cells": 2, "done": 2, "failed": 2}
    assert {record["run"] for record in records[:-1]} == {run.name for run in list_runs(tmp_path)}
    for record in records[:-1]:
        assert record["sentence"] == f"killed by SIGKILL (often: out of memory); go on with: genlab resume {record['run']}"
        assert (record["code"], Path(record["folder"]).name) == (Exit.RUN_FAILED, record["run"])
    assert list(tmp_path.glob(".sweep-*")), "the same command goes on"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_sweep_that_was_ended_goes_on_with_the_same_command(tmp_path, undisturbed, how):
    with start(tmp_path, "sweep", "toy", *GRID, "--workers", "1") as child:
        first = json.loads(child.stdout.readline())
        until(lambda: len(list(tmp_path.glob("*/state.json"))) == 2, "the second cell's state")
        child.send_signal(how)
        child.stdout.read()
    before = {run.name for run in list_runs(tmp_path)}
    code, out, err = finish(tmp_path, "sweep", "toy", *GRID, "--workers", "1")
    records = lines(out)
    assert (code, comparable(records)) == (0, undisturbed)
    assert err.startswith("genlab: going on with the sweep begun at ")
    assert (records[0]["run"], records[0]["reused"]) == (first["run"], True)
    assert {record["run"] for record in records[:-1]} == before
    assert len(list_runs(tmp_path)) == 2 and not list(tmp_path.glob(".sweep-*"))


@pytest.mark.parametrize("change", [{}, {"versions": {"numpy": "0.1"}}, {"config": {"steps": 21}}, {"typed": "genlab run toy"}])
def test_only_runs_that_would_come_out_the_same_count(genlab, tmp_path, change):
    command = ["run", "toy", "--steps=20", "--json"]
    begun = BegunSweep(tmp_path / "runs", [command])
    begun.begin()
    name = lines(genlab(*command)[1])[-1]["run"]
    path = tmp_path / "runs" / name / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    again = BegunSweep(tmp_path / "runs", [command])
    found = again.earlier(command, spec("toy").configure("quick", {"steps": 20}))
    assert (again.again, again.since) == (True, begun.since)
    assert (found is None) == bool(change)
    if found:
        assert found.over and found.result()["claims"][0]["status"] == "holds"
    again.end()
    assert not BegunSweep(tmp_path / "runs", [command]).again


def test_runs_from_before_the_sweep_do_not_count(genlab, tmp_path):
    command = ["run", "toy", "--steps=20", "--json"]
    genlab(*command)
    begun = BegunSweep(tmp_path / "runs", [command])
    begun.since = "9999-01-01T00:00:00+00:00"
    assert begun.earlier(command, spec("toy").configure("quick", {"steps": 20})) is None


@pytest.mark.parametrize("out", ["", "\n", '{"event": "meas', "[1]", '{"event": "measure", "step": 1, "values": {}}', "null"])
def test_a_line_that_was_cut_off_is_no_result(out):
    assert result_line(out) == {}


def test_what_a_killed_child_says():
    found = ended(-9, '{"event": "measure", "ste', "some warning\n")
    assert (found.killed, found.sentence) == (True, "killed by SIGKILL (often: out of memory)")
    assert killed_by(11) == "killed by SIGSEGV"
    assert killed_by(200) == "killed by signal 200"
    assert (ended(0, "", "").code, ended(0, "", "").sentence) == (Exit.RUN_FAILED, "ended without a result")
    for code in (1, 120):  # of an interpreter that could not go on
        assert (ended(code, "", "").code, ended(code, "", "").sentence) == (Exit.RUN_FAILED, f"ended with exit code {code}")
    assert [ended(code, "", "genlab: so").code for code in (2, 3, 4, 130)] == [2, 3, 4, 130]


def test_a_sweep_for_eyes_is_a_table_with_a_line_a_cell(tmp_path):
    code, out, err = finish(tmp_path, "sweep", "toy", "--grid", "steps=4,20", "--workers", "2")
    rows = {line.split()[0]: line.split()[2:] for line in out.splitlines() if line.strip()[:1].isdigit()}
    assert code == 0
    assert rows == {"4": ["finished", "not", "yet", "no"], "20": ["finished", "yes", "no"]}
    assert "2 of 2: steps=" in err


def test_the_grid_is_every_combination(genlab):
    found = Plan.of(spec("toy"), "quick", {"extra": "yes"}, ["rate=.1,.2", "widths=1,2;3"]).cells
    assert found == [{"extra": "yes", "rate": rate, "widths": widths} for rate in (".1", ".2") for widths in ("1,2", "3")]
