"""From a setup to a phenomenon that is ready to work: imports what computes, builds it, and takes up stored runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from engine.device import resolve_device, use_threads
from engine.errors import StoreError
from engine.gpu import gpu_failed, gpu_is_full
from engine.importing import load_torch
from engine.interruption import checkpoint
from engine.phenomenon import AnyPhenomenon
from engine.runner.options import Options
from engine.runner.setup import Setup
from engine.store import Line, Manifest, Position, RunFolder, versions
from engine.telling import tell


@dataclass(frozen=True)
class Loaded:
    """What computes a phenomenon, imported, and the device it computes on."""

    kind: type[AnyPhenomenon]
    device: str


def loading(setup: Setup) -> str:
    """What is imported first, in words."""
    return "loading torch" if setup.trains and "torch" not in sys.modules else f"loading {setup.spec.name}"


def load(imported: Callable[[], type[AnyPhenomenon]], setup: Setup, options: Options) -> Loaded:
    """Import a phenomenon, and torch where it is needed.

    Raises:
        LabError: data that are not here, no such device, or a package that cannot be used.
        Interrupted: somebody wants something else.
    """
    setup.config.require_contents()
    trains = setup.trains
    if trains and "torch" not in sys.modules:
        tell(loading(setup))
        load_torch()
        checkpoint()
    tell(loading(setup))
    use_threads(options.threads, torch=trains)  # before the libraries that the phenomenon brings
    kind = imported()
    return Loaded(kind, resolve_device(options.device) if trains else "cpu")


def build(loaded: Loaded, setup: Setup, options: Options) -> AnyPhenomenon:
    """Make a phenomenon: its data and networks.

    Raises:
        LabError: data that are missing, knobs without a solution.
        Interrupted: somebody wants something else.
    """
    tell("preparing data")
    use_threads(options.threads, torch=setup.trains)  # another run of this process may have changed it
    return loaded.kind(setup.config, setup.seeds, loaded.device, setup.preset)


@dataclass(frozen=True)
class Restored:
    """Where a stored run goes on: after these lines of metrics and seconds of work, from the saved step, with the groups that were drawn.

    notes: what was dropped, or differs from when it began.
    """

    lines: tuple[Line, ...] = ()
    step: int | None = None
    elapsed: float = 0.0
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


FRESH = Restored()


def restore(phenomenon: AnyPhenomenon, folder: RunFolder) -> Restored:
    """Put a fresh phenomenon where the folder's last state stands, and the folder's metrics too.

    Raises:
        StoreError: the state or the metrics are damaged, or do not fit the phenomenon.
    """
    saved = folder.load_state()
    state, position = saved or (None, Position(0, 0, {}))
    folder.require_metrics(position)
    tell("reading the saved state")
    lines, torn = folder.lines(position.lines)
    if state is not None:
        for line in lines:
            if line.knob is None:
                phenomenon.history.append(line.step, line.values)
        phenomenon.step = position.step
        try:
            phenomenon.restore(state)
        except (KeyError, ValueError, TypeError, IndexError, RuntimeError) as error:
            if gpu_is_full(error) or gpu_failed(error):
                raise
            sentence = f"the saved state of run {folder.name} does not fit this genlab: {type(error).__name__}: {error}"
            raise StoreError(sentence, "continue it with the version that wrote it") from error
    anew = _measured_anew(folder) if state is None else ()
    folder.cut(position.lines)
    notes = (*([torn] if torn else []), *anew, *differences(folder.manifest))
    return Restored(lines, position.step if state else None, position.elapsed, drawn_groups(folder) if state else (), notes)


def _measured_anew(folder: RunFolder) -> tuple[str, ...]:
    """Say that a run without a state begins again, where it had measured something."""
    records, _ = folder.records()
    if not records:
        return ()
    return (f"no state was saved: begun again at step 0, and its {len(records):,} measurements (to step {records[-1][0]:,}) are made anew",)


def drawn_groups(folder: RunFolder) -> tuple[str, ...]:
    """The groups of the run's last snapshot; none where it cannot be read, since the run itself does not need it."""
    try:
        return folder.load_snapshot().groups
    except StoreError:
        return ()


def differences(manifest: Manifest) -> tuple[str, ...]:
    """Say which versions differ from those that began the run: then its numbers may differ in the last digits."""
    now = versions()
    before = {name: version for name, version in manifest.versions.items() if name != "genlab"}
    changed = [f"{name} {now[name]} instead of {version}" for name, version in before.items() if now.get(name, version) != version]
    return (f"continued with {', '.join(changed)}: numbers may differ in the last digits",) if changed else ()
