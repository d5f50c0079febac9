"""Sweeps on Dask: a real scheduler and two workers on the loopback address, and what becomes of a sweep whose workers or scheduler die."""

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import registry
from engine.contract import Phase
from engine.errors import Exit, LabError, UsageError
from engine.store import list_runs
from engine.sweeps.grid import axes_of
from engine.sweeps.plan import Plan
from engine.sweeps.view import SweepView
from lab.running import dask_cluster
from lab.running.dask_cluster import Cluster, Scheduler, joined
from lab.running.dask_processes import DaskProcesses
from lab.running.dask_task import away
from lab.running.sweep import Sweep
from tests.lab.command_line import ROOT, TOYS, start

PATIENCE = 60.0  # seconds until a condition that should come is called missing
GRID = ("rate=.001,.1", "mode=plain,diverging")
STEPS = 300


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    """The toy's distribution and a cache, here and in every process that is started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOYS))
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (ROOT, TOYS))))
        patch.setenv("GENLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        registry.entries.cache_clear()
        yield
    registry.entries.cache_clear()


@pytest.fixture(scope="module")
def cluster(surroundings):
    """A scheduler and two workers."""
    with DaskProcesses(2) as processes, joined(Scheduler(processes.address)) as found:
        found.client.wait_for_workers(2, timeout=PATIENCE)
        yield found


@pytest.fixture(scope="module")
def pool(surroundings, tmp_path_factory):
    """What the points of GRID come to in the pool, and the folder of their runs."""
    root = tmp_path_factory.mktemp("pool")
    return list(Sweep(plan(*GRID), "cpu", 1, root, threads=1).endings()), root


@pytest.fixture
def apart(monkeypatch):
    """The workers do not see the folder of the runs."""
    begin = Cluster.begin

    def without_token(self, root, manifest):
        workers = begin(self, root, manifest)
        workers._token.unlink()
        return workers

    monkeypatch.setattr(Cluster, "begin", without_token)


def plan(*grid, **given):
    toy, given = registry.spec("toy"), {"steps": STEPS, **given}
    return Plan.of(toy, "quick", {name: str(value) for name, value in given.items()}, axes_of(toy, list(grid), tuple(given)))


def came_to(ends):
    """What points came to, without where and how; pauses change nothing, and at which step one is seen to diverge is a matter of time."""
    kept = {True: ("phase", "step", "values", "claims"), False: ("phase",)}
    return {
        (end.point.config.rate, end.point.config.mode): {"code": end.code, **{name: end.result[name] for name in kept[end.code == 0]}}
        for end in ends
    }


def files(root, ends):
    """The measurements and the solution of each point that finished, as they lie on the disk."""
    return {
        (end.point.config.rate, end.point.config.mode, path.name): path.read_bytes()
        for end in ends
        if end.code == 0
        for path in (root / end.result["run"]).iterdir()
        if path.name in ("metrics.jsonl", "arrays.npz")
    }


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)


@contextlib.contextmanager
def meanwhile(doing):
    """Do something in another thread."""
    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(doing)
        yield
        found.result(PATIENCE)


@pytest.mark.parametrize("seen", [True, False])
def test_points_come_to_the_same_as_in_the_pool_bit_for_bit(cluster, pool, tmp_path, seen, request):
    """Whether the workers see the folder of the runs, or send them."""
    if not seen:
        request.getfixturevalue("apart")
    ends, root = pool
    work = Sweep(plan(*GRID), "cpu", 2, tmp_path, threads=1, cluster=cluster)
    found = list(work.endings())
    assert (came_to(found), files(tmp_path, found)) == (came_to(ends), files(root, ends))
    assert (work.stopped, work.lost, work.problem) == ("", "", "")
    assert {end.result["folder"] for end in found} == {str(run.path) for run in list_runs(tmp_path) if not run.problem}
    assert len(list_runs(tmp_path)) == len(ends)
    assert not list(tmp_path.glob(".*"))
    until(lambda: not list(away().glob("*")), "an empty folder of the workers")  # the last one goes as its worker clears up
    again = list(Sweep(plan(*GRID), "cpu", 2, tmp_path, threads=1, cluster=cluster).endings())
    assert {end.reused for end in again} == {True} and came_to(again) == came_to(ends)


@pytest.mark.parametrize("seen", [True, False])
def test_a_stopped_sweep_goes_on_where_it_was(cluster, tmp_path, seen, request):
    if not seen:
        request.getfixturevalue("apart")
    grid = plan("rate=.001,.002", steps=250, pause=0.01)
    work = Sweep(grid, "cpu", 2, tmp_path, threads=1, cluster=cluster)

    def measured():
        written = tmp_path.glob("*/metrics.jsonl") if seen else away().glob("*/*/metrics.jsonl")
        return [path for path in written if path.read_bytes().count(b"\n") > 3]

    def stop():
        until(lambda: len(measured()) == 2, "two points at work")
        os.kill(os.getpid(), signal.SIGTERM)

    with meanwhile(stop):
        ends = list(work.endings())
    assert work.stopped == "SIGTERM"
    assert [(end.code, end.result["phase"]) for end in ends] == [(Exit.INTERRUPTED, "stopped")] * 2
    before = {run.name: run.step for run in list_runs(tmp_path)}
    assert len(before) == 2 and all(0 < step < 250 for step in before.values())
    ends = list(Sweep(grid, "cpu", 2, tmp_path, threads=1, cluster=cluster).endings())
    assert [(end.code, end.result["step"], end.reused) for end in ends] == [(0, 250, True)] * 2
    assert {run.name: run.step for run in list_runs(tmp_path)} == dict.fromkeys(before, 250)


def test_a_worker_that_is_killed_loses_no_finished_point(cluster, pool, tmp_path):
    killed = []

    def at_work():
        return [run for run in list_runs(tmp_path) if run.live and (run.path / "state.safetensors").exists() and run.config["pause"]]

    def kill():
        until(lambda: at_work() and any(run.phase is Phase.FINISHED for run in list_runs(tmp_path)), "a point done, another at work")
        killed.append(at_work()[0].path)
        os.kill(int((killed[0] / "lock").read_text().split()[0]), signal.SIGKILL)

    with meanwhile(kill):
        ends = list(Sweep(plan("pause=0,0.01,0.011", rate=0.001), "cpu", 2, tmp_path, threads=1, cluster=cluster).endings())
    assert {str(came) for came in map(came_to, ([end] for end in ends))} == {str(came_to(pool[0][:1]))}
    assert {end.result["folder"]: end.resumed for end in ends}[str(killed[0])], "it went on where it was"
    assert len(list_runs(tmp_path)) == 3


def test_a_scheduler_that_dies_is_one_sentence_and_a_resumable_sweep(cluster, tmp_path):
    grid = plan("pause=0,0.01", rate=0.001)
    with DaskProcesses(1) as processes, joined(Scheduler(processes.address)) as dying:
        dying.client.wait_for_workers(1, timeout=PATIENCE)
        work, ends = Sweep(grid, "cpu", 1, tmp_path, threads=1, cluster=dying), []
        for end in work.endings():
            ends.append(end)
            processes.scheduler.kill()
        until(lambda: not any(run.live for run in list_runs(tmp_path)), "the worker's end")
    assert [end.result["phase"] for end in ends] == ["finished"]
    assert work.lost == f"the Dask scheduler at {processes.address} is gone"
    shown = SweepView(work.folder.path).latest()
    assert (shown.live, shown.done, shown.failed) == (False, 1, 0)
    assert not list(tmp_path.glob(".genlab*"))
    ends = list(Sweep(grid, "cpu", 1, tmp_path, threads=1, cluster=cluster).endings())
    assert [(end.code, end.result["step"]) for end in ends] == [(0, STEPS)] * 2
    assert len(list_runs(tmp_path)) == 2


def test_workers_let_go_of_a_sweep_whose_own_process_is_killed(cluster, tmp_path):
    def at_work():
        return [run for run in list_runs(tmp_path) if run.live and run.step]

    sweep = ("sweep", "toy", "--grid", "rate=.001,.002", "--steps", "100000", "--pause", "0.01", "--scheduler", cluster.name)
    with start(tmp_path, *sweep) as child:
        until(lambda: len(at_work()) == 2, "two points at work")
        child.kill()
        child.communicate()
    until(lambda: not any(run.live for run in list_runs(tmp_path)), "the end of both points")
    assert {run.phase for run in list_runs(tmp_path)} == {Phase.STOPPED}


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.3)
    with (
        pytest.raises(
            LabError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1, or it wants TLS\. start one with dask scheduler"
        ),
        joined(Scheduler("tcp://127.0.0.1:1")),
    ):
        pass


@pytest.mark.parametrize("address", ["", "127.0.0.1:8786", "tcp://", "tcp://:1", "tcp://a:0", "tcp://a:65536", "http://a:1", "tcp://a b:1"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match="scheduler must be"):
        Scheduler(address)
