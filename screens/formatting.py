"""How numbers, durations, seeds and states are written, alike on every screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.contract import Gpu, Grade, Phase, ScalarValue, Snapshot, Status, Verdict, counted

STATUS_STYLE = {
    Status.HOLDS: "bold green", Status.FAILS: "bold red", Status.PENDING: "yellow", Status.CENSORED: "bold yellow",
    Status.NOT_RUN: "dim", Status.NOT_APPLICABLE: "dim",
}  # fmt: skip
NOT_OF_THIS_RUN = (Status.NOT_RUN, Status.NOT_APPLICABLE)  # such claims stand below those that the run decides
GRADE_STYLE: dict[Grade, str] = {"": "", "good": "green", "poor": "yellow", "bad": "red"}
PHASE_STYLE = {
    Phase.READY: "yellow", Phase.LOADING: "yellow", Phase.BUILDING: "yellow", Phase.RUNNING: "bold green", Phase.PAUSED: "bold yellow",
    Phase.FINISHED: "bold cyan", Phase.STOPPED: "bold yellow", Phase.DIVERGED: "bold red", Phase.FAILED: "bold red",
}  # fmt: skip


def number(value: float | str | None) -> str:
    """Write a measured or predicted value: four significant digits, text as it is, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return {math.inf: "infinite", -math.inf: "-infinite"}.get(value, "undefined")
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:.4g}"


def scalar(item: ScalarValue) -> str:
    """Write the value of a scalar with its unit, `>= 1,200 step` where that is a lower bound; why there is none otherwise."""
    if item.reason:
        return item.reason
    bound = ">= " if item.value_censored else ""
    return f"{bound}{number(item.value)} {item.scalar.unit}".rstrip()


def scalar_range(item: ScalarValue) -> str:
    """Write the least and the greatest of a scalar's seeds; nothing of a single one or where all agree."""
    known = sorted(pair for pair in zip(item.seeds, item.censored, strict=True) if not math.isnan(pair[0]))
    if len(item.seeds) < 2 or not known:
        return ""
    low, high = (f"{'>= ' if bound else ''}{number(seed)}" for seed, bound in (known[0], known[-1]))
    return "" if low == high else f"{low} to {high}"


def duration(seconds: float) -> str:
    """Write seconds as `8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: int) -> str:
    """Write bytes as MB or GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def gpu(found: Gpu) -> str:
    """Write a GPU's name, memory and load: `cuda: H200 12.3 of 139.7 GB, 87 % busy`."""
    busy = "" if found.busy is None else f", {100 * found.busy:.0f} % busy"
    return f"cuda: {found.name} {found.used / 1e9:.1f} of {found.total / 1e9:.1f} GB{busy}"


def rate(per_second: float) -> str:
    """Write a rate with two or three significant digits, so that it does not flicker."""
    if per_second <= 0:
        return "0"
    if per_second >= 1000:
        digits = 10 ** (math.floor(math.log10(per_second)) - 1)
        return f"{int(round(per_second / digits) * digits):,}"
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.2g}"


def seeds(values: Sequence[int]) -> str:
    """Write `seed 3`, `seeds 0-4` or `seeds 1,5,9`."""
    if len(values) == 1:
        return f"seed {values[0]}"
    if list(values) == list(range(values[0], values[0] + len(values))):
        return f"seeds {values[0]}-{values[-1]}"
    return "seeds " + ",".join(map(str, values))


def progress(snapshot: Snapshot) -> str:
    """Write how far a run is: `step 1,200 of 6,000`."""
    of = f" of {snapshot.total:,}" if snapshot.total is not None else ""
    return f"{snapshot.unit} {snapshot.step:,}{of}"


def percent(snapshot: Snapshot) -> str:
    """Write how far a run is as a percentage, or its step where the end is not known."""
    if not snapshot.total:
        return f"{snapshot.unit} {snapshot.step:,}"
    return f"{100 * snapshot.step // snapshot.total} %"


def tally(verdicts: Sequence[Verdict]) -> dict[Status, tuple[str, ...]]:
    """Return the ids of the claims that came to each status, in the order of `Status`; without those that no claim came to.

    An identity is counted only where it fails.
    """
    found = {status: tuple(verdict.claim.id for verdict in counted(verdicts) if verdict.status is status) for status in Status}
    return {status: ids for status, ids in found.items() if ids}
