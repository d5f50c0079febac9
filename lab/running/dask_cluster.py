"""A Dask cluster that computes a sweep: reached by its scheduler's address, or made of processes of this machine for as long as it takes.

A Dask cluster executes whatever its clients send, and its clients unpickle what it answers: it must be trusted. What is started here
listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.cores import usable_cores
from engine.errors import LabError, UsageError, echoed
from engine.store.manifest import versions
from engine.sweeps.manifest import SweepManifest
from lab.running import dask_task
from lab.running.dask_processes import DaskProcesses
from lab.running.dask_workers import DaskWorkers, failing
from lab.running.parcels import unpacked

LOCAL = "local"
PATIENCE = 10.0  # seconds in which a scheduler must answer
SPEAKERS = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado.application")  # its own words go nowhere
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_PACKAGES = ("dask", "distributed")


@dataclass(frozen=True)
class Scheduler:
    """Which one is asked for: `tcp://HOST:PORT`, `tls://HOST:PORT` or `local`; the files of TLS, where Dask's settings do not name them."""

    address: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        found = _ADDRESS.fullmatch(self.address)
        if self.address != LOCAL and (found is None or not 0 < int(found[3]) < 2**16):
            raise UsageError(f"scheduler must be tcp://HOST:PORT, tls://HOST:PORT or local, got {echoed(self.address)!r}")
        given = {"--tls-ca": self.ca, "--tls-cert": self.cert, "--tls-key": self.key}
        for option, path in given.items():
            if path is not None and not path.is_file():
                raise UsageError(f"{option}: there is no file {echoed(path)}", "name a file in PEM format")
        if any(given.values()) and not self.address.startswith("tls://"):
            raise UsageError(f"TLS needs a scheduler at tls://HOST:PORT, got {echoed(self.address)}", "See: dask scheduler --help")


def asked_for(address: str | None, ca: Path | None, cert: Path | None, key: Path | None) -> Scheduler | None:
    """The scheduler that a command line names; None where it names none.

    Raises:
        UsageError: an address that is none, files that are not there, or TLS without a scheduler.
    """
    if address is not None:
        return Scheduler(address, ca, cert, key)
    if ca or cert or key:
        raise UsageError("--tls-ca, --tls-cert and --tls-key are of a Dask scheduler", "name it: --scheduler tls://HOST:PORT")
    return None


class Cluster:
    """A connected cluster.

    Attributes:
        name: its scheduler's address. count: its workers when the sweep began; local: whether they are processes of this machine.
    """

    def __init__(self, client: Any, name: str, local: bool) -> None:
        self.client, self.name, self.local = client, name, local
        told = _told(client, name)
        self.count = len(told)
        self._devices = {about["device"] for about in told.values()}

    def device(self, wanted: str) -> str:
        """Where its points are computed; `auto` is CUDA where every worker that is there has it."""
        return "cuda" if wanted == "cuda" or (wanted == "auto" and self._devices == {"cuda"}) else "cpu"

    def threads(self, workers: int) -> int:
        """Threads of a point where nobody says: this machine's cores are divided, what others have is not known."""
        return max(1, min(64, usable_cores() // workers)) if self.local else 1

    def begin(self, root: Path, manifest: SweepManifest) -> DaskWorkers:
        """Let it work for a sweep."""
        return DaskWorkers(self.client, self.name, root, manifest, self.count)


@contextlib.contextmanager
def joined(scheduler: Scheduler, workers: int | None = None) -> Iterator[Cluster]:
    """Reach a cluster, or start one of `workers` processes, for as long as the block lasts.

    Raises:
        UsageError: Dask is not installed.
        LabError: no scheduler answers, or its workers are not of this genlab.
    """
    try:
        import distributed  # noqa: F401 (an optional extra)
    except ImportError as error:
        raise UsageError("a sweep on Dask needs dask.distributed, which is not here", "pip install 'genlab[cluster]'") from error
    for name in SPEAKERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with contextlib.ExitStack() as stack:
        address = scheduler.address
        if address == LOCAL:
            address = stack.enter_context(DaskProcesses(workers or usable_cores())).address
        client = _client(address, scheduler)
        stack.callback(client.close, timeout=PATIENCE)
        if scheduler.address == LOCAL:
            _await(client, workers or usable_cores())
        yield Cluster(client, address, scheduler.address == LOCAL)


@contextlib.contextmanager
def at_work(scheduler: Scheduler | None, workers: int | None, points: int) -> Iterator[tuple[Cluster | None, int | None]]:
    """The cluster that is asked for, None where that is none, and how many workers a sweep of so many points should have.

    Raises:
        LabError: as `joined`.
    """
    if scheduler is None:
        yield None, workers
        return
    if scheduler.address == LOCAL:
        workers = min(workers or usable_cores(), points)
    with joined(scheduler, workers) as cluster:
        yield cluster, workers


def _client(address: str, scheduler: Scheduler) -> Any:
    import distributed

    security = _security(scheduler) if address.startswith("tls://") else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions, which are asked for below
            return distributed.Client(address, timeout=PATIENCE, security=security, set_as_default=False, heartbeat_interval="2s")
    except (OSError, TimeoutError) as error:
        more = ", or its certificates are of another authority" if security else ", or it wants TLS"
        said = f"no Dask scheduler answers at {address}{more}"
        raise LabError(said, "start one with dask scheduler --host 127.0.0.1, or leave --scheduler out") from error
    except (TypeError, ValueError, RuntimeError) as error:  # of a scheduler that speaks otherwise
        said = f"the Dask scheduler at {address} cannot be reached: {(str(error).splitlines() or [''])[0][:200]}"
        raise LabError(said, "start it again in the same version of Dask") from error


def _security(scheduler: Scheduler) -> Any:
    """The TLS of a scheduler: the files that are named, else those of Dask's own settings; tried here, before anything is connected.

    Raises:
        UsageError: none are named, or they cannot be used.
    """
    import distributed

    hint = "name --tls-ca, --tls-cert and --tls-key in PEM format, or set them in Dask's own configuration"
    files = {"tls_ca_file": scheduler.ca, "tls_client_cert": scheduler.cert, "tls_client_key": scheduler.key}
    given = {name: str(path) for name, path in files.items() if path}
    security = distributed.Security(require_encryption=True, **given)
    try:
        context = security.get_connection_args("client").get("ssl_context")
    except (OSError, ValueError, TypeError) as error:  # ssl's own are among these
        raise UsageError(f"the TLS files of {scheduler.address} cannot be used: {error}", hint) from error
    if context is None:
        raise UsageError(f"the Dask scheduler at {scheduler.address} wants TLS, and no certificate is named", hint)
    return security


def _await(client: Any, count: int) -> None:
    """Wait for the workers that were started here."""
    try:
        client.wait_for_workers(count, timeout=6 * PATIENCE)
    except (OSError, TimeoutError) as error:
        raise LabError("the Dask workers of this machine did not come", "leave --scheduler out, or name fewer with --workers") from error


def _told(client: Any, name: str) -> dict[str, dict[str, Any]]:
    """What each worker says of itself.

    Raises:
        LabError: one has no genlab, or other versions than this process; names it.
    """
    try:
        packages = client.get_versions()
        answers = client.run(dask_task.about, on_error="return")
    except (OSError, TimeoutError) as error:
        raise LabError(f"the Dask scheduler at {name} is gone", "start it again, then give the same command") from error
    _require_packages(packages, name)
    found = {}
    for worker, said in answers.items():
        if isinstance(said, BaseException):
            raise LabError(f"{worker}: {failing(said)}", "then start the worker again")
        found[worker], _ = unpacked(said)
        for package, version in versions().items():
            other = found[worker]["versions"].get(package)
            if other != version:
                how = f"the worker at {worker} has {package} {other}, and this process {version}"
                raise LabError(how, "numbers depend on it; install the same version on both")
    return found


def _require_packages(found: Any, name: str) -> None:
    """Make sure that all have the same Dask.

    Raises:
        LabError: they have not.
    """
    own = found["client"]["packages"]
    for who, packages in ((name, found["scheduler"]), *found["workers"].items()):
        for package in _PACKAGES:
            other = (packages or {}).get("packages", {}).get(package)
            if other != own[package]:
                said = f"{who} has {package} {other}, and this process {own[package]}"
                raise LabError(said, f"install the same version on both: pip install {package}=={own[package]}")
