"""Sweeps from the command line: points in worker processes; points that are killed, sweeps that are begun again."""

import json
import os
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import registry
from engine.contract import Phase
from engine.errors import Exit
from engine.store import list_runs
from engine.sweeps.folder import sweep_paths
from engine.sweeps.grid import axes_of
from engine.sweeps.plan import Plan, Point
from engine.sweeps.view import SweepView
from lab.running.children import ended, killed_by, result_line
from lab.running.sweep import PointEnd, Sweep
from lab.running.sweep_report import outcome
from lab.running.workers import Answer
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


def points(records):
    return [record for record in records if record["event"] == "point"]


def comparable(records):
    """What points came to, without where and how."""
    kept = ("phase", "step", "claims", "code")
    return {record["knobs"]["pause"]: {key: record[key] for key in kept} for record in points(records)}


def conclusion(records, runs):
    """The last line, whose sweep is the one there is."""
    (path,) = sweep_paths(runs)
    assert (records[-1].pop("sweep"), records[-1].pop("folder")) == (path.name, str(path))
    return records[-1]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the points come to when nobody disturbs them."""
    code, out, _ = finish(tmp_path_factory.mktemp("undisturbed"), "sweep", "toy", *GRID)
    assert code == 0
    return comparable(lines(out))


def test_sweep_runs_every_point_in_its_own_folder(tmp_path):
    code, out, err = finish(tmp_path, "sweep", "toy", "--grid", "rate=.1,.0001", "--steps", "20", "--json", "--workers", "2")
    records = lines(out)
    assert code == 0, err
    assert {(record["knobs"]["rate"], record["phase"]) for record in points(records)} == {(0.1, "finished"), (0.0001, "finished")}
    assert {record["knobs"]["rate"]: record["claims"][0]["status"] for record in points(records)} == {0.1: "holds", 0.0001: "fails"}
    assert conclusion(records, tmp_path) == {"event": "sweep", "points": 2, "done": 2, "failed": 0}
    assert len(list_runs(tmp_path)) == 2


def test_a_point_that_is_killed_once_is_resumed_and_counts_once(tmp_path, undisturbed):
    with start(tmp_path, "sweep", "toy", *GRID, "--workers", "1") as child:
        until(lambda: len(list(tmp_path.glob("*/state.json"))) == 2 and at_work(tmp_path), "the second point at work")
        os.kill(at_work(tmp_path)[0], signal.SIGKILL)
        records, err = lines(child.stdout.read()), child.stderr.read()
    assert (child.returncode, err) == (0, "")
    assert comparable(records) == undisturbed
    assert [record["resumed"] for record in points(records)] == [False, True]
    assert conclusion(records, tmp_path) == {"event": "sweep", "points": 2, "done": 2, "failed": 0}
    assert len(list_runs(tmp_path)) == 2


def test_a_point_that_is_killed_twice_has_failed_and_names_its_run(tmp_path):
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
    assert conclusion(records, tmp_path) == {"event": "sweep", "points": 2, "done": 2, "failed": 2}
    assert {record["run"] for record in points(records)} == {run.name for run in list_runs(tmp_path)}
    for record in points(records):
        assert record["sentence"] == f"killed by SIGKILL (often: out of memory); go on with: genlab resume {record['run']}"
        assert (record["code"], Path(record["folder"]).name) == (Exit.RUN_FAILED, record["run"])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_sweep_that_was_ended_goes_on_with_the_same_command(tmp_path, undisturbed, how):
    with start(tmp_path, "sweep", "toy", *GRID, "--workers", "1") as child:
        first = json.loads(child.stdout.readline())
        until(lambda: len(list(tmp_path.glob("*/state.json"))) == 2, "the second point's state")
        child.send_signal(how)
        child.stdout.read()
    assert child.returncode == (Exit.INTERRUPTED if how is signal.SIGTERM else -how)
    before = {run.name for run in list_runs(tmp_path)}
    code, out, err = finish(tmp_path, "sweep", "toy", *GRID, "--workers", "1")
    records = lines(out)
    assert (code, comparable(records)) == (0, undisturbed)
    assert err.startswith("genlab: going on with toy-quick-sweep: ")
    assert (records[0]["run"], records[0]["reused"]) == (first["run"], True)
    assert {record["run"] for record in points(records)} == before
    assert conclusion(records, tmp_path) == {"event": "sweep", "points": 2, "done": 2, "failed": 0}
    assert len(list_runs(tmp_path)) == 2


def test_what_is_there_is_not_computed_again(tmp_path):
    sweep = ("sweep", "toy", "--steps", "20", "--json", "--workers", "1", "--grid")
    finish(tmp_path, *sweep, "rate=.1,.2")
    first = {run.name for run in list_runs(tmp_path)}
    _, out, _ = finish(tmp_path, *sweep, "rate=.1,.2,.3")
    assert [record["reused"] for record in points(lines(out))] == [True, True, False]
    assert {record["run"] for record in points(lines(out))} > first and len(list_runs(tmp_path)) == 3
    assert len(list(sweep_paths(tmp_path))) == 2, "a longer grid is another sweep"


@pytest.mark.parametrize("change", [{"versions": {"numpy": "0.1"}}, {"config": {"steps": 21}}, {"seeds": [1]}, {"threads": 63}])
def test_only_runs_that_would_come_out_the_same_count(tmp_path, change):
    sweep = ("sweep", "toy", "--steps", "20", "--json", "--workers", "1", "--grid", "rate=.1")
    _, out, _ = finish(tmp_path, *sweep)
    path = Path(points(lines(out))[0]["folder"]) / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, **change, "config": {**manifest["config"], **change.get("config", {})}}))
    _, out, _ = finish(tmp_path, *sweep)
    assert [record["reused"] for record in points(lines(out))] == [False]
    assert len(list_runs(tmp_path)) == 2


def test_a_point_that_fails_or_diverges_stops_no_other(tmp_path):
    code, out, _ = finish(tmp_path, "sweep", "toy", "--grid", "mode=diverging,broken,impossible,plain", "--steps", "20", "--json")
    found = {record["knobs"]["mode"]: (record["code"], record["phase"]) for record in points(lines(out))}
    assert found == {
        "plain": (0, "finished"), "diverging": (Exit.RUN_FAILED, "diverged"), "broken": (Exit.RUN_FAILED, "failed"),
        "impossible": (Exit.USAGE, "failed"),
    }  # fmt: skip
    assert code == Exit.RUN_FAILED
    assert {key: lines(out)[-1][key] for key in ("points", "done", "failed")} == {"points": 4, "done": 4, "failed": 3}


def test_the_same_sweep_is_not_computed_twice_at_once(tmp_path):
    sweep = ("sweep", "toy", "--grid", "pause=0,0.01", "--steps", "100000", "--rate", "0.001", "--json", "--workers", "1")
    with start(tmp_path, *sweep) as child:
        until(lambda: any(path.joinpath("table.json").exists() for path in sweep_paths(tmp_path)), "the sweep")
        code, out, err = finish(tmp_path, *sweep)
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
    assert (code, out) == (Exit.RUN_FAILED, "")
    assert f"the same sweep is being computed by process {child.pid}" in err and "genlab watch toy-quick-sweep" in err


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


def test_a_sweep_for_eyes_is_a_table_with_a_line_a_point(tmp_path):
    code, out, err = finish(tmp_path, "sweep", "toy", "--grid", "steps=4,20", "--workers", "2")
    tables = out.split("Claims")
    rows = [{line.split()[0]: line.split()[2:] for line in table.splitlines() if line.strip()[:1].isdigit()} for table in tables]
    assert code == 0
    assert [row["4"][:1] for row in rows] == [["finished"]] * 2
    assert rows[1] == {"4": ["finished", "not", "yet", "no"], "20": ["finished", "yes", "no"]}
    assert "2 of 2: " in err and "genlab show toy-quick-sweep" in err


def test_many_points_are_asked_for(genlab, tmp_path):
    code, out, err = genlab("sweep", "toy", "--grid", "steps=1:200")
    assert (code, out) == (Exit.USAGE, "")
    assert "the grid has 200 points, " in err and "Add --yes" in err
    assert not (tmp_path / "runs").exists()


def test_a_sweep_among_the_runs(genlab, tmp_path):
    genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1", "--quiet")
    name = "toy-quick-sweep"
    code, out, _ = genlab("runs")
    assert code == 0 and name in out and "rate (2)" in out
    record = next(item for item in lines(genlab("runs", "--json")[1]) if item["event"] == "sweep")
    assert (record["points"], record["done"], record["grid"], record["problem"]) == (2, 2, {"rate": [0.1, 0.2]}, "")
    shown = lines(genlab("show", name, "--json")[1])[0]
    assert [point["knobs"] for point in shown["points"]] == [{"rate": 0.1}, {"rate": 0.2}]
    assert "is a sweep and no run" in genlab("resume", name)[2]
    code, _, err = genlab("rm", name, "--yes")
    assert code == 0 and "its runs are kept" in err
    assert len(list_runs(tmp_path / "runs")) == 2 and not list(sweep_paths(tmp_path / "runs"))


def test_a_folder_of_sweeps_without_a_run_is_listed(genlab):
    genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1", "--quiet")
    assert genlab("rm", "toy-custom-s0", "toy-custom-s0-2", "--yes")[0] == 0
    code, out, _ = genlab("runs")
    assert code == 0 and "no runs in" in out and "toy-quick-sweep" in out


DAMAGES = {
    "table gone": "finished", "table torn": "finished", "a run gone": "deleted", "a run torn": "damaged",
    "a record cut off": "damaged", "a run is another one": "replaced",
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_said_and_computed_again_and_the_rest_is_shown(genlab, tmp_path, damage):
    genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1", "--quiet")
    root = tmp_path / "runs"
    sweep, run = root / "toy-quick-sweep", list_runs(root)[0].path
    if damage == "table gone":
        (sweep / "table.json").unlink()
    elif damage == "table torn":
        (sweep / "table.json").write_text('{"rows": [{"ru')
    elif damage == "a run gone":
        shutil.rmtree(run)
    elif damage == "a run is another one":
        table = json.loads((sweep / "table.json").read_text())
        table["rows"][0]["run"] = table["rows"][1]["run"]
        (sweep / "table.json").write_text(json.dumps(table))
    elif damage == "a record cut off":
        os.truncate(run / "latest.npz", 400)
    else:
        (run / "manifest.json").write_text("{")
    state = DAMAGES[damage]
    code, out, _ = genlab("show", sweep.name)
    rows = [line.split() for line in out.splitlines() if line.split()[:1] in (["0.1"], ["0.2"]) and len(line.split()) > 2]
    assert code == 0
    assert [row[2] for row in rows] == [state, "finished"] * 2, "of two points, twice"
    assert "note: " in out
    if state == "finished":
        return
    assert f"1 of 2 points done, 1 {state}" in out
    record = next(item for item in lines(genlab("runs", "--json")[1]) if item["event"] == "sweep")
    assert (record["done"], record["failed"], record["lost"]) == (1, 0, {state: 1})
    point, _ = lines(genlab("show", sweep.name, "--json")[1])[0]["points"]
    assert point["phase"] == point["lost"] == state and point["missing"].endswith("the same command computes it again")
    code, _, err = genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1")
    assert code == 0 and (damage == "a run is another one" or "it is computed again" in err)
    assert (SweepView(sweep).latest().done, SweepView(sweep).latest().lost) == (2, {})


def test_a_damaged_run_of_a_sweep_without_its_table_is_not_called_waiting(genlab, tmp_path):
    genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1", "--quiet")
    sweep, run = tmp_path / "runs" / "toy-quick-sweep", list_runs(tmp_path / "runs")[0].path
    (sweep / "table.json").unlink()
    (run / "state.json").write_text("{")
    point, other = SweepView(sweep).latest().points
    assert (point.run, point.state, other.state) == (run.name, "damaged", "finished") and "state.json is damaged" in point.missing
    (run / "state.json").write_text((tmp_path / "runs" / other.run / "state.json").read_text())
    (run / "result.json").write_text('{"half": }')  # which only reading it tells
    assert [point.state for point in SweepView(sweep).latest().points] == ["damaged", "finished"]


@pytest.mark.parametrize("to", ["csv", "json", "svg", "png", "pdf"])
def test_a_sweep_without_a_finished_point_is_not_exported_and_that_is_said(genlab, tmp_path, to):
    toy = registry.spec("toy")
    plan = Plan.of(toy, "quick", {"steps": "20"}, axes_of(toy, ["rate=.1,.2"], ("steps",)))
    work = Sweep(plan, "cpu", 1, tmp_path / "runs")
    work._save(force=True)
    work.folder.close()
    code, out, err = genlab("export", work.folder.name, "--to", to, "--out", str(tmp_path / "out"))
    assert (code, out) == (Exit.USAGE, "") and not (tmp_path / "out").exists()
    assert err.splitlines()[0].endswith("no point of toy-quick-sweep is finished, so there is nothing to write")
    assert "genlab sweep toy" in err.splitlines()[1]


def test_a_point_that_was_stopped_before_it_had_a_folder_is_no_run_of_that_name(genlab, tmp_path):
    """Until a run has a folder it bears a name that another one may have: that of an earlier sweep would count as its own."""
    genlab("run", "toy", "--rate", "0.3", "--steps", "20", "--quiet")
    (other,) = list_runs(tmp_path / "runs")
    toy = registry.spec("toy")
    plan = Plan.of(toy, "quick", {"steps": "20"}, axes_of(toy, ["rate=.1,.2"], ("steps",)))
    work = Sweep(plan, "cpu", 1, tmp_path / "runs")
    work._settled(PointEnd(plan.points[0], Exit.INTERRUPTED, {"run": other.path.name, "phase": "stopped", "folder": ""}, "interrupted"))
    work._save(force=True)
    work.folder.close()
    point, _ = SweepView(work.folder.path).latest().points
    assert (point.run, point.phase, point.missing) == ("", Phase.STOPPED, "")


def test_a_point_whose_worker_was_stopped_before_it_began_has_not_failed(tmp_path, toys):
    toy = registry.spec("toy")
    plan = Plan.of(toy, "quick", {"steps": "20"}, axes_of(toy, ["rate=.1,.2"], ("steps",)))
    work = Sweep(plan, "cpu", 1, tmp_path / "runs")
    work.stopped = "SIGINT"
    end = work._settled(work._end(Answer(0, code=-2, sentence="interrupted"), resumed=False, reused=False))
    work._save(force=True)
    work.folder.close()
    point, _ = SweepView(work.folder.path).latest().points
    assert end.code == Exit.INTERRUPTED and (point.ended, point.failed, point.state) == (False, False, "waiting")


def test_a_sweep_without_its_manifest_is_one_sentence(genlab, tmp_path):
    genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1", "--quiet")
    (tmp_path / "runs" / "toy-quick-sweep" / "sweep.json").write_text("[]")
    code, _, err = genlab("show", "toy-quick-sweep")
    assert code == Exit.RUN_FAILED and "sweep.json is damaged" in err and len(err.splitlines()) <= 2
    code, out, _ = genlab("runs")
    assert code == 0 and "damaged" in out
    code, _, err = genlab("sweep", "toy", "--grid", "rate=.1,.2", "--steps", "20", "--workers", "1", "--quiet")
    assert code == 0, err


@pytest.mark.parametrize("command", [["run", "toy"], ["sweep", "toy", "--grid", "rate=.1,.2"]])
def test_a_device_that_is_not_there_is_refused_also_where_all_is_computed_already(genlab, tmp_path, monkeypatch, command):
    steps = ["--steps", "20", *(["--workers", "1"] if command[0] == "sweep" else [])]
    assert genlab(*command, *steps, "--quiet")[0] == 0
    monkeypatch.setattr("engine.device.why_no_gpu", lambda: "there is none")
    code, out, err = genlab(*command, *steps, "--device", "cuda")
    assert (code, out) == (Exit.USAGE, "") and "device cuda is not there: there is none" in err
    monkeypatch.setattr("engine.device.why_no_gpu", lambda: "")
    code, _, err = genlab(*command, *steps, "--device", "cuda")
    assert code == 0 and "--device cuda has no effect here: toy with these knobs trains no network" in err


UNSTORED = "not being stored since step 0: the disk is full"


@pytest.mark.parametrize(
    ("unstored", "problem", "stopped", "code", "said", "unsaid"),
    [
        (0, "", "", Exit.DONE, "", "stored"),
        (0, "the disk is full", "", Exit.RUN_FAILED, "the runs are stored, the sweep's table is not: the disk is full", "points"),
        (
            2,
            "the disk is full",
            "",
            Exit.RUN_FAILED,
            f"2 of 3 points are not stored; the first: toy-0 is {UNSTORED}",
            "the runs are stored",
        ),
        (1, "", "", Exit.RUN_FAILED, "1 of 3 points are not stored", "table"),
        (1, "", "SIGINT", Exit.RUN_FAILED, "1 of 3 points are not stored", "is saved"),
        (0, "", "SIGINT", Exit.INTERRUPTED, "every point that had begun is saved", "not stored"),
    ],
)
def test_nothing_is_called_stored_that_is_not(capsys, unstored, problem, stopped, code, said, unsaid):
    ends = [
        PointEnd(Point(place, {}, None, ""), code if place < unstored else Exit.DONE,
                 {"run": f"toy-{place}", "phase": "finished", "unstored": UNSTORED if place < unstored else ""})
        for place in range(3)
    ]  # fmt: skip
    assert outcome(SimpleNamespace(problem=problem, stopped=stopped, lost=""), ends) == code
    told = " ".join(capsys.readouterr().err.split())
    assert said in told and unsaid not in told and (not unstored or "the same command" in told)
