"""What the listener of a Dask cluster makes of what comes: tampered parcels, workers that were lost too often, versions that do not fit."""

import queue

import distributed
import pytest

from engine import registry
from engine.errors import Exit, LabError, UsageError
from engine.store.manifest import versions
from engine.sweeps.manifest import SweepManifest
from engine.sweeps.plan import Plan
from lab.running import dask_cluster, dask_task, dask_workers
from lab.running.dask_cluster import Cluster, Scheduler, asked_for
from lab.running.dask_workers import LOST, RETRIES, DaskWorkers
from lab.running.parcels import packed, unpacked


class Future:
    """What Dask makes of a job: the test says what."""

    status = "pending"

    def __init__(self, parcel, key):
        self.job, self.key = unpacked(parcel)[0], key

    def add_done_callback(self, call):
        self.call = call

    def end(self, status, value=None):
        self.status, self.value = status, value
        self.call(self)

    def result(self):
        return self.value

    exception = result


class Client:
    """A cluster of the test's own."""

    status = "running"

    def __init__(self, **answers):
        self.jobs, self.asked, self.answers = queue.SimpleQueue(), [], answers

    def submit(self, function, parcel, key, pure):
        assert function is dask_task.work
        self.jobs.put(Future(parcel, key))
        return self.last(put_back=True)

    def last(self, put_back=False):
        future = self.jobs.get(timeout=10)
        if put_back:
            self.jobs.put(future)
        return future

    def run(self, function, *args, **options):
        self.asked.append((function.__name__, args, options.get("workers")))
        return self.answers.get(function.__name__, {})

    def get_versions(self):
        own = {"packages": {"dask": "1", "distributed": "1"}}
        return {"client": own, "scheduler": own, "workers": {}, **self.answers.get("packages", {})}

    def subscribe_topic(self, topic, handler):
        self.tell = lambda parcel: handler((0.0, parcel))

    def cancel(self, futures):
        for future in futures:
            future.end("cancelled")

    def unsubscribe_topic(self, topic):
        """Nothing comes any more."""

    def scheduler_info(self, n_workers):
        return {"workers": {}}


@pytest.fixture
def workers(tmp_path, toys):
    """Workers of a cluster of the test's own, with one job of one point."""
    toy = registry.spec("toy")
    manifest = SweepManifest.of(Plan.of(toy, "quick", {}, {"rate": (0.1, 0.2)}), "cpu", 1, "")
    made = DaskWorkers(Client(), "tcp://h:1", tmp_path, manifest)
    made.put([{"index": 1, "resume": ""}])
    yield made
    made.stop()
    made.close()
    assert not list(tmp_path.iterdir())


def ended(workers, future, **more):
    about = {"event": "ended", "index": 1, "code": 0, "sentence": "", "result": {"run": "a"}, "shared": True, "worker": "w"}
    return {**about, "job": future.job["id"], **more}


def start(workers, future):
    workers._client.tell(packed({"event": "started", "job": future.job["id"], "worker": "w"}))


def test_a_point_counts_once_whether_its_event_or_its_job_says_so_first(workers):
    future = workers._client.last()
    workers._client.tell(packed(ended(workers, future)))
    first = workers.answers.get(timeout=10)
    assert (first.index, first.run, first.code, first.again) == (1, "a", 0, False) and not workers.idle
    future.end("finished", packed({"records": [ended(workers, future)]}))
    workers.close()
    assert workers.idle


@pytest.mark.parametrize("torn", [b"", b"x" * 60, None])
def test_a_tampered_event_is_passed_over_and_a_tampered_result_is_no_result(workers, torn):
    future = workers._client.last()
    workers._client.tell(torn)
    future.end("finished", torn)
    answer = workers.answers.get(timeout=10)
    assert (answer.index, answer.code) == (1, Exit.RUN_FAILED) and "not what was sent" in answer.sentence


def test_a_job_that_a_worker_found_tampered_has_failed(workers):
    future = workers._client.last()
    torn = bytearray(packed(future.job))
    torn[-1] ^= 1
    future.end("finished", dask_task.work(bytes(torn)))
    assert "not what was sent" in workers.answers.get(timeout=10).sentence


def test_a_point_over_which_workers_die_is_given_up_and_one_that_only_waited_there_is_not(workers):
    future = workers._client.last()
    for _ in range(RETRIES):
        future.end("error", distributed.KilledWorker("key", None, 3))
        future, before = workers._client.last(), future
        assert future.job["id"] == before.job["id"] and future.key != before.key
    for _ in range(RETRIES + 1):
        start(workers, future)
    future.end("error", distributed.KilledWorker("key", None, 3))
    answer = workers.answers.get(timeout=10)
    assert (answer.code, answer.killed, answer.again) == (LOST, True, True)
    assert answer.sentence == f"its workers were lost {RETRIES + 1} times (often: out of memory)"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'lab'"), "has no genlab"),
        (RuntimeError("Error during deserialization of the task graph."), "has no genlab"),
        (ValueError("bad\nluck"), "its worker failed: ValueError: bad"),
    ],
)
def test_a_job_that_failed_says_why(workers, error, said):
    workers._client.last().end("error", error)
    answer = workers.answers.get(timeout=10)
    assert answer.code == Exit.RUN_FAILED and said in answer.sentence and "\n" not in answer.sentence


def test_stopping_cancels_what_waits_and_asks_those_at_work(workers):
    future = workers._client.last()
    start(workers, future)
    workers.put([{"index": 0, "resume": ""}])
    waiting = workers._client.last()
    while not workers._sent[future.job["id"]].started:
        workers._calls.put(lambda: None)
    workers.stop()
    workers.put([{"index": 0, "resume": ""}])
    future.end("finished", packed({"records": [ended(workers, future, code=130)]}))
    assert workers.answers.get(timeout=10).code == Exit.INTERRUPTED
    workers.close()
    assert waiting.status == "cancelled" and workers.idle and workers._client.jobs.empty()
    assert ("stop", (workers._sweep,), None) in workers._client.asked


def test_a_client_that_is_out_of_reach_ends_the_sweep(workers):
    workers._client.status = "connecting"
    workers._client.last().end("cancelled")
    workers.close()
    assert (workers.stopped, workers.idle, workers.problem) == (True, True, "the Dask scheduler at tcp://h:1 is gone")


def test_a_scheduler_that_is_gone_before_the_first_job_is_one_sentence(tmp_path, monkeypatch):
    def closed(self, topic, handler):
        raise RuntimeError("Client is closed.")

    monkeypatch.setattr(Client, "subscribe_topic", closed)
    with pytest.raises(LabError, match="the Dask scheduler at tcp://h:1 is gone"):
        DaskWorkers(Client(), "tcp://h:1", tmp_path, None)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------ before a sweep begins


def told(**change):
    return packed({"versions": {**versions(), **change}, "device": "cuda"})


def test_a_cluster_of_this_genlab_is_taken_and_says_where_auto_computes():
    found = Cluster(Client(about={"w1": told(), "w2": told()}), "tcp://h:1", local=False)
    assert (found.count, found.device("auto"), found.device("cpu"), found.threads(2)) == (2, "cuda", "cpu", 1)
    assert Cluster(Client(), "tcp://h:1", local=False).device("auto") == "cpu", "nobody is there yet"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"about": {"w1": told(), "w2": told(torch="1.0")}}, "the worker at w2 has torch 1.0, and this process"),
        ({"about": {"w1": told(genlab="9")}}, "the worker at w1 has genlab 9, and this process"),
        ({"about": {"w1": ModuleNotFoundError("No module named 'lab'")}}, "has no genlab"),
        ({"packages": {"workers": {"w1": {"packages": {"dask": "2", "distributed": "1"}}}}}, "w1 has dask 2, and this process 1"),
        ({"packages": {"scheduler": {"packages": {"dask": "1", "distributed": "0"}}}}, "tcp://h:1 has distributed 0, and this process 1"),
    ],
)
def test_a_cluster_that_would_come_to_other_numbers_is_refused(answers, said):
    with pytest.raises(LabError, match=said) as refused:
        Cluster(Client(**answers), "tcp://h:1", local=False)
    assert refused.value.hint


def test_a_worker_that_came_later_with_other_versions_fails_its_points():
    assert "install the same version" in dask_task._misfit({**versions(), "numpy": "0.1"})
    assert not dask_task._misfit(versions())


def test_files_of_tls_are_looked_for_and_belong_to_a_scheduler_that_speaks_it(tmp_path):
    pem = tmp_path / "a.pem"
    pem.write_text("not one")
    with pytest.raises(UsageError, match="--tls-ca: there is no file"):
        Scheduler("tls://h:1", ca=tmp_path / "none.pem")
    with pytest.raises(UsageError, match="TLS needs a scheduler at tls://"):
        Scheduler("tcp://h:1", ca=pem)
    with pytest.raises(UsageError, match="are of a Dask scheduler"):
        asked_for(None, pem, None, None)
    with pytest.raises(UsageError, match="cannot be used"), dask_cluster.joined(Scheduler("tls://127.0.0.1:1", pem, pem, pem)):
        pass
    with pytest.raises(UsageError, match="no certificate is named"), dask_cluster.joined(Scheduler("tls://127.0.0.1:1")):
        pass


def test_retries_are_as_many_as_dask_has_by_itself():
    """Dask gives a job up at the failure after `allowed-failures`."""
    import dask

    assert dask.config.get("distributed.scheduler.allowed-failures") == RETRIES == dask_workers.RETRIES


def test_without_the_extra_it_says_what_to_install(genlab, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    code, out, err = genlab("sweep", "toy", "--grid", "rate=.1,.2", "--scheduler", "local")
    assert (code, out) == (Exit.USAGE, "") and "pip install 'genlab[cluster]'" in err


def test_an_address_that_is_none_is_one_sentence(genlab):
    code, out, err = genlab("sweep", "toy", "--grid", "rate=.1,.2", "--scheduler", "here")
    assert (code, out) == (Exit.USAGE, "") and "scheduler must be tcp://HOST:PORT" in err
