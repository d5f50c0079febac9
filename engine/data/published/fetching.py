"""Fetching a published data set: every official file from the first mirror that gives it, then decoded; there as a whole or not at all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from engine.data.published import stored
from engine.data.published.catalogue import OfficialFile, Published
from engine.data.published.decoding import sha256_of
from engine.data.published.download import Broken, Patience, Refused, fetch_from, held
from engine.data.published.folder import DOWNLOAD, in_data_folder, locked, part_of, place, require_space, state
from engine.data.published.loading import decode_locked
from engine.errors import DataError, LabError, StoreError
from engine.store.files import told
from engine.telling import tell

PROGRESS = 100  # a part of a file of one over this is progress enough to begin counting attempts anew
Report = Callable[[str, int, int], None]


def _nobody(name: str, done: int, total: int) -> None:
    """Nobody looks."""


def fetch(published: Published, report: Report = _nobody, patience: Patience | None = None) -> bool:
    """Get a data set ready; return whether anything had to be done.

    Args:
        published: which one.
        report: called with the name of the file that is downloaded, and the bytes of all files that are there and that there are.
        patience: how long mirrors may take.

    Raises:
        DataError: no mirror gives a file, or somebody else fetches it.
        StoreError: the data folder cannot be written, or is full.
    """
    folder = place(published)
    if _ready(published, folder):
        return False
    here = state(published)
    require_space(published, sum(file.size for file in here.missing) - here.part + published.decoded_size)
    with locked(published, "fetched"), in_data_folder():
        _tidy(published, folder)
        done = 0
        for file in published.files:
            if not _sound(file, folder):
                told_of = partial(_told, report, published, file.name, done)
                _obtain(published, file, folder, told_of, patience or Patience())
            done += file.size
            _told(report, published, file.name, done, 0)
        decode_locked(published, folder)
        with contextlib.suppress(OSError):
            (folder / DOWNLOAD).rmdir()
    return True


def _told(report: Report, published: Published, name: str, before: int, arrived: int) -> None:
    report(name, before + arrived, published.download_size)


def _ready(published: Published, folder: Path) -> bool:
    if not state(published).decoded:
        return False
    try:
        stored.read(published, folder)
    except StoreError:
        return False
    return True


def _sound(file: OfficialFile, folder: Path) -> bool:
    """Whether the official file lies there as it was published."""
    try:
        if (folder / file.name).stat().st_size != file.size:
            return False
        tell(f"checking {file.name}")
        return sha256_of(folder / file.name) == file.sha256
    except (OSError, LabError):
        return False


def _tidy(published: Published, folder: Path) -> None:
    """Make the folder of downloads, and take away what a killed process left there besides half files that are gone on with."""
    known = {part_of(published, file) for file in published.files}
    with told(folder / DOWNLOAD, "make the folder"):
        (folder / DOWNLOAD).mkdir(exist_ok=True)
        for path in (folder / DOWNLOAD).iterdir():
            if path not in known and not path.is_dir():
                path.unlink()


def _obtain(published: Published, file: OfficialFile, folder: Path, report: Callable[[int], None], patience: Patience) -> None:
    """Get one file from any mirror, trying them in turn with pauses between.

    Raises:
        DataError: none gives it.
    """
    part, reasons, left, attempt = part_of(published, file), dict[str, str](), list(published.mirrors), 0
    while True:
        before = held(part)
        for mirror in tuple(left):
            tell(f"fetching {file.name} from {urlsplit(mirror).netloc}")
            try:
                arrived = fetch_from(mirror, file, part, report, patience)
            except Refused as error:
                reasons[mirror] = str(error)
                left.remove(mirror)
            except Broken as error:
                reasons[mirror] = str(error)
            else:
                with told(folder / file.name):
                    arrived.replace(folder / file.name)
                return
        attempt = 0 if held(part) - before > file.size / PROGRESS else attempt
        if not left or attempt >= len(patience.pauses):
            raise _given_up(published, file, part, reasons)
        tell(f"{urlsplit(left[0]).netloc}: {reasons[left[0]]}; trying again in {patience.pauses[attempt]:g} s")
        time.sleep(patience.pauses[attempt])
        attempt += 1


def _given_up(published: Published, file: OfficialFile, part: Path, reasons: dict[str, str]) -> DataError:
    said = "; ".join(f"{urlsplit(mirror).netloc}: {why}" for mirror, why in reasons.items())
    kept = f" ({held(part):,} of {file.size:,} bytes are kept, and gone on with)" if held(part) else ""
    lacking = ", ".join(missing.name for missing in state(published).missing)
    hint = f"try again: genlab data fetch {published.name}; or copy {lacking} from another machine into {place(published)}"
    return DataError(f"{file.name} of {published.name} could not be fetched{kept}: {said}", hint)
