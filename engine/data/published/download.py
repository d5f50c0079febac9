"""One official file from one mirror, going on where an earlier attempt ended: a downloader for `pooch`, which checks SHA-256 and moves it.

Pooch itself begins every download anew. Here what has arrived stays in a file of its own, and the rest is asked for with `Range`; a server
that does not know that sends everything again. A mirror is `Refused` where another attempt would end the same way, else `Broken`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pooch
import requests
import urllib3

from engine.data.published.catalogue import OfficialFile
from engine.interruption import checkpoint
from engine.store.files import opened, there, told

CHUNK = 2**16
AGAIN = (408, 425, 429)  # HTTP answers below 500 after which a later attempt may succeed


class Refused(Exception):
    """A mirror does not have the file, or another one; the message says which."""


class Broken(Exception):
    """A mirror did not answer, or not to the end; the message says how."""


@dataclass(frozen=True)
class Patience:
    """How long a mirror may take. connect, read: seconds; slowest: bytes a second over `window` seconds; pauses: between attempts."""

    connect: float = 10.0
    read: float = 30.0
    slowest: float = 1000.0
    window: float = 30.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0)


@dataclass
class Resuming:
    """Downloads `file` into `part`, then hands it to pooch. report: called with the bytes that are there; held: as many at the begin."""

    file: OfficialFile
    part: Path
    report: Callable[[int], None]
    patience: Patience
    held: int = field(init=False, default=0)

    def __call__(self, url: str, output_file: Any, pooch: Any = None, check_only: bool = False) -> None:
        """Download (called by pooch, with these names).

        Raises:
            Refused: this mirror has no such file.
            Broken: it ended early; what has arrived is kept.
            StoreError: the disk refused.
        """
        self.held = held(self.part)
        if self.held > self.file.size:
            self.part.unlink()
            self.held = 0
        if self.held < self.file.size:
            with self._answer(url) as response:
                self._write(self._pieces(response))
        os.replace(self.part, output_file)  # noqa: PTH105 (pooch gives a text)

    def _answer(self, url: str) -> requests.Response:
        """Ask for what is missing; set `held` to where the answer begins."""
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={self.held}-"} if self.held else {})}
        try:
            response = requests.get(url, headers=headers, stream=True, timeout=(self.patience.connect, self.patience.read))
        except requests.RequestException as error:
            raise Broken(reason(error)) from None
        try:
            self._check(response)
        except BaseException:
            response.close()
            raise
        return response

    def _check(self, response: requests.Response) -> None:
        status, kind = response.status_code, response.headers.get("Content-Type", "").lower()
        if status == 416 or (status == 206 and not self._continues(response.headers.get("Content-Range", ""))):
            self.part.unlink(missing_ok=True)
            raise Broken("does not go on where the download ended")
        if status not in (200, 206):
            what = f"answers {status} {response.reason or ''}".rstrip()[:80]
            raise (Broken if status >= 500 or status in AGAIN else Refused)(what)
        if "html" in kind:
            raise Refused("answers with a web page in place of the file")
        if status == 200:
            self.held = 0
        length = response.headers.get("Content-Length", "")
        if length.isascii() and length.isdecimal() and int(length[:20]) != self.file.size - self.held:
            raise Refused(f"offers {int(length[:20]) + self.held:,} bytes, where {self.file.size:,} were published")

    def _continues(self, content_range: str) -> bool:
        return content_range.replace(" ", "").lower() == f"bytes{self.held}-{self.file.size - 1}/{self.file.size}"

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        begun, arrived = time.monotonic(), 0
        try:
            while piece := response.raw.read1(CHUNK, decode_content=False):  # whatever is there, so that a trickle is seen as one
                yield piece
                checkpoint()
                arrived += len(piece)
                passed = time.monotonic() - begun
                if passed > self.patience.window:
                    if arrived < self.patience.slowest * passed:
                        raise Broken(f"sends less than {self.patience.slowest:,.0f} bytes a second")
                    begun, arrived = time.monotonic(), 0
        except urllib3.exceptions.HTTPError as error:
            raise Broken(reason(error)) from None

    def _write(self, pieces: Iterator[bytes]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if self.held else os.O_TRUNC)
        with told(self.part):
            file = os.fdopen(opened(self.part, flags), "ab", buffering=0)
        there_now = self.held
        with file:
            for piece in pieces:
                if there_now + len(piece) > self.file.size:
                    raise Refused(f"sends more than the {self.file.size:,} bytes that were published")
                with told(self.part):
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[file.write(rest) :]
                there_now += len(piece)
                self.report(there_now)
        if there_now < self.file.size:
            raise Broken(f"ended after {there_now:,} of {self.file.size:,} bytes")


def held(part: Path) -> int:
    """Return how many bytes of a file have arrived."""
    return part.stat().st_size if there(part) and part.is_file() else 0


def fetch_from(mirror: str, file: OfficialFile, part: Path, report: Callable[[int], None], patience: Patience) -> Path:
    """Download a file and check its SHA-256; return where it lies, beside `part`.

    Raises:
        Refused, Broken: this mirror does not give it.
        StoreError: the disk refused.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    downloader = Resuming(file, part, report, patience)
    try:
        return Path(pooch.retrieve(mirror + file.name, f"sha256:{file.sha256}", file.name, part.parent, downloader=downloader))
    except ValueError:  # of pooch: another SHA-256
        if downloader.held:  # what had arrived before may be what was wrong, and is gone now
            return fetch_from(mirror, file, part, report, patience)
        raise Refused(f"sends another content: its SHA-256 is not {file.sha256[:12]}...") from None


def reason(error: Exception) -> str:
    """Say in a few words why there is no answer."""
    seen, text = type(error).__name__, str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "its name is not known (is there a network?)"
    if isinstance(error, requests.exceptions.SSLError) or "SSLError" in text:
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refuses"
    if "Timeout" in seen or "timed out" in text:
        return "no answer in time"
    if "refused" in text:
        return "refuses connections"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "leads in circles"
    return "the connection broke off" if isinstance(error, urllib3.exceptions.HTTPError) else "cannot be reached"
