"""What estimates rest on: how fast this machine is, measured once, and how long runs took here; kept in the cache folder."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict

from engine.calibration import calibrated, gpu_name
from engine.config import Config
from engine.contract import Phase, Snapshot, Spec
from engine.cores import default_threads
from engine.errors import LabError
from engine.estimates import KEPT, GpuRates, Speed, computed, learned_as, machine, path, speed
from engine.store.files import write_json

BRIEF = 2.0  # seconds below which a run teaches nothing of longer ones


def learn(spec: Spec, config: Config, last: Snapshot, threads: int | None = None, *, measure: bool = True) -> None:
    """Take up how long a run took that went from its beginning to its end on as many threads as runs usually do, and not too fast.

    Where nothing is known of this machine yet, that is measured now, if torch is loaded anyway and `measure` allows half a second.
    """
    usual = threads is None or threads == default_threads()
    if spec.work is None or last.phase is not Phase.FINISHED or not usual:
        return
    known = speed() or (calibrate() if measure and "torch" in sys.modules else None)
    if last.elapsed < BRIEF:
        return
    rates = None if known is None else known if last.device == "cpu" else known.gpu
    try:
        expected = computed(spec.work(config, len(last.seeds)), rates) if rates else 0.0
    except Exception:  # of another package's declaration: the run is over, and fine
        return
    if known and rates and expected > 0 and 1e-4 < last.elapsed / expected < 1e4:
        name = learned_as(spec, config, rates)
        runs = {**known.runs, name: [*known.runs.get(name, []), last.elapsed / expected][-KEPT:]}
        keep(known.model_copy(update={"runs": runs}))


def calibrate() -> Speed:
    """Measure this machine and keep it, with what runs taught so far; takes half a second, a GPU another, and imports torch."""
    rates, before, gpu = calibrated(), speed(), None
    if (name := gpu_name()) is not None:
        gpu = GpuRates(name=name, **asdict(calibrated("cuda")))
    found = Speed(machine=machine(), **asdict(rates), gpu=gpu, looked=True, runs=before.runs if before else {})
    keep(found)
    return found


def keep(found: Speed) -> None:
    """Write it, where that is possible."""
    with contextlib.suppress(LabError, OSError):
        path().parent.mkdir(parents=True, exist_ok=True)
        write_json(path(), found.model_dump(mode="json"), durable=False)
