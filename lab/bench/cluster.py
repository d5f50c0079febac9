"""What a point of a sweep costs beyond its own work, in the pool and through Dask; and what two workers are worth against one."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from time import perf_counter

from engine.interruption import never
from engine.registry import spec
from engine.sweeps.plan import Plan
from lab.bench.entry import Entry, Row, must_be_done
from lab.running.dask_cluster import LOCAL, Cluster, Scheduler, joined
from lab.running.point_worker import ENDED, compute
from lab.running.sweep import Sweep

POINTS, WARM = 12, 3  # points whose cost is measured; those before them, in which libraries load
CHEAP = {"n": "20", "D": "60", "d": "10", "draws": "1", "relu-draws": "1"}  # a point of a fraction of a second
DEAR, DEAR_POINTS = {"n": "100", "D": "400", "draws": "8"}, 15  # points of a second or two


def plan_of(given: dict[str, str], count: int) -> Plan:
    """A sweep of double descent, each point a job of its own."""
    return Plan.of(spec("double-descent"), "quick", given, {"sigma": tuple(0.1 + 0.01 * place for place in range(count))})


def here() -> list[float]:
    """Return seconds of each point in this process, with its run folder as in a sweep."""
    took = []
    with tempfile.TemporaryDirectory(prefix="genlab-bench-") as root:
        for point in plan_of(CHEAP, WARM + POINTS).points:
            job = {
                "index": point.index, "phenomenon": "double-descent", "config": point.config.values(), "preset": point.preset, "seeds": [0],
                "device": "cpu", "threads": 1, "root": root, "typed": "", "resume": "",
            }  # fmt: skip
            began = perf_counter()
            for record in compute([job], never):
                if record["event"] == ENDED:
                    must_be_done(record["code"], record["sentence"])
            took.append(perf_counter() - began)
    return took[WARM:]


def swept(cluster: Cluster | None) -> list[float]:
    """Return seconds from the end of one point of a sweep to that of the next, with one worker."""
    with tempfile.TemporaryDirectory(prefix="genlab-bench-") as root:
        ended = []
        for one in Sweep(plan_of(CHEAP, WARM + POINTS), "cpu", 1, Path(root), threads=1, cluster=cluster).endings():
            must_be_done(one.code, one.sentence)
            ended.append(perf_counter())
    return [late - early for early, late in itertools.pairwise(ended)][WARM - 1 :]


def measure_overhead(repeats: int) -> list[Row]:
    """Return what a point costs beyond its own work: queueing, its process, what comes back, the sweep's table."""
    rows = []
    for label, dask, goal in (("in the pool", False, 50.0), ("through Dask", True, 150.0)):
        with joined(Scheduler(LOCAL), 1) if dask else nullcontext() as cluster:
            pairs = [(median(here()), median(swept(cluster))) for _ in range(repeats)]
        rows.append(Row(f"overhead of a point {label}", "ms", tuple(1000 * (whole - own) for own, whole in pairs), goal, "lower"))
        rows.append(Row(f"the point itself, before those {label}", "ms", tuple(1000 * own for own, _ in pairs)))
    return rows


def rate(workers: int, dask: bool) -> float:
    """Return points a second of a sweep whose workers are warm."""
    ways = joined(Scheduler(LOCAL), workers) if dask else nullcontext()
    with tempfile.TemporaryDirectory(prefix="genlab-bench-") as root, ways as cluster:
        ended = []
        for one in Sweep(plan_of(DEAR, DEAR_POINTS), "cpu", workers, Path(root), threads=1, cluster=cluster).endings():
            must_be_done(one.code, one.sentence)
            ended.append(perf_counter())
    return (len(ended) - WARM) / (ended[-1] - ended[WARM - 1])


def measure_workers(repeats: int) -> list[Row]:
    """Return how many times the rate of one worker two have; they need two cores of their own."""
    rows = []
    for label, dask in (("of the pool", False), ("of a Dask cluster", True)):
        pairs = [(rate(2, dask), rate(1, dask)) for _ in range(repeats)]
        rows.append(Row(f"two workers {label} against one", "x", tuple(two / one for two, one in pairs), 1.7, "higher"))
    return rows


ENTRIES = (
    Entry("sweep-overhead", "a point of a sweep in the pool and through Dask against the point itself", measure_overhead, 3),
    Entry("sweep-workers", "two workers of a sweep against one, in the pool and through Dask", measure_workers, 3),
)
