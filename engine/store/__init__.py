"""The run store: one folder per run, in JSON, npz and safetensors only; nothing that is read back is ever unpickled.

`manifest.json` says what was asked, `metrics.jsonl` holds one line per measurement, `arrays.npz` the problem and its
solution, `state.safetensors` everything a resumed run needs, `state.json` how far the run is (for people and
listings), `latest.npz` what a screen shows, `result.json` claims and the figures' data, `lock` who is writing,
`request.json` what another process asks of it.
"""

from engine.store.folder import Line, Position, Progress, RunFolder, frozen
from engine.store.listing import RunSummary, find_removable, find_run, list_runs, removable, remove_run
from engine.store.manifest import FORMAT, Manifest, OlderFormat, run_name, versions
from engine.store.place import called, choose_root, runs_root
from engine.store.requests import Request
from engine.store.writer import Writer

__all__ = [
    "FORMAT", "Line", "Manifest", "OlderFormat", "Position", "Progress", "Request", "RunFolder", "RunSummary", "Writer",
    "called", "choose_root", "find_removable", "find_run", "frozen", "list_runs", "removable", "remove_run", "run_name", "runs_root",
    "versions",
]  # fmt: skip
