"""Records every case, or compares with what was recorded: `python -m tests.golden.record FOLDER [--compare|--keep] [--quick] [NAME ...]`.

FOLDER holds one pickle a case, written and read by nobody else, for work in which not one bit may change; run it on one machine only.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.device import use_threads
from tests.golden.cases import CASES, Case
from tests.golden.condense import contents, digest, numbers, run

QUICK = tuple(Case(name, "quick") for name in dict.fromkeys(case.phenomenon for case in CASES))


def main() -> int:
    """Record or compare; the exit code is the number of cases that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="beginnings of case names; all when empty")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--keep", action="store_true", help="renew these cases' numbers in expected.json, which the tests compare with")
    parser.add_argument("--quick", action="store_true", help="the whole preset quick of every phenomenon instead, some minutes")
    given = parser.parse_intermixed_args()
    use_threads(1, torch=True)
    failed = 0
    kept: dict[str, dict[str, list[float]]] = {}
    for case in QUICK if given.quick else CASES:
        if given.names and not any(case.id.startswith(name) for name in given.names):
            continue
        began = time.perf_counter()
        found = contents(run(case))
        kept[case.id] = numbers(found)
        path = given.folder / f"{case.id}.pickle"
        if not given.compare and not given.keep:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps(found))
        lines = differences(pickle.loads(path.read_bytes()), found) if given.compare else []
        failed += bool(lines)
        print(f"{'DIFFERS' if lines else 'ok':8s}{time.perf_counter() - began:6.1f} s  {case.id}", flush=True)
        for line in lines[:12]:
            print("        ", line)
    if given.keep:
        expected = Path(__file__).with_name("expected.json")
        others = {name: found for name, found in json.loads(expected.read_text()).items() if name in {case.id for case in CASES}}
        merged = {**others, **kept}
        ordered = {case.id: merged[case.id] for case in CASES if case.id in merged}
        expected.write_text(json.dumps(ordered, indent=0) + "\n")
    return failed


def differences(before: Any, after: Any, place: str = "") -> list[str]:
    """Where two contents differ, as lines; words for bands are told apart but not counted."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = [f"{place}/{key}: only {'before' if key in before else 'now'}" for key in sorted(set(before) ^ set(after), key=str)]
        shared = [key for key in before if key in after and (place or key != "bands")]
        return lines + [line for key in shared for line in differences(before[key], after[key], f"{place}/{key}")]
    if isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after):
        return [line for at, pair in enumerate(zip(before, after, strict=True)) for line in differences(*pair, f"{place}[{at}]")]
    if digest(before) == digest(after):
        return []
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray) and before.shape == after.shape and before.dtype.kind in "fiub":
        gap = np.nanmax(np.abs(before.astype(float) - after.astype(float))) if before.size else 0.0
        return [f"{place}: {before.dtype} {before.shape} differs by at most {gap:.3g}"]
    return [f"{place}: {str(before)[:150]!r} -> {str(after)[:150]!r}"]


if __name__ == "__main__":
    raise SystemExit(main())
