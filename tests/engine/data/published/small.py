"""Small data sets in the real formats, and a server on the loopback address that gives them, or something else."""

import contextlib
import gzip
import hashlib
import io
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from engine.data.published.catalogue import CIFAR10, MNIST, OfficialFile, Published
from engine.data.published.download import Patience
from tests.engine.data.own.formats import cifar10, idx

TRAIN, TESTS = 60, 20
QUICK = Patience(connect=30.0, read=30.0, window=30.0, pauses=(0.0, 0.0))
IMPATIENT = replace(QUICK, read=0.3)  # with a mirror that says nothing
EXACTING = replace(QUICK, window=0.2)  # with one that says little
_unheard = socket.socket()  # bound, and nobody listens
_unheard.bind(("127.0.0.1", 0))
DEAD_HOST = f"127.0.0.1:{_unheard.getsockname()[1]}"
DEAD = f"http://{DEAD_HOST}/"


def pixels(count, shape, seed=0):
    """Random images of bytes, (count, *shape)."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def labels(count):
    """Labels (count,) that go round."""
    return (np.arange(count) % 10).astype(np.uint8)


def described(of: Published, contents: list[bytes], mirrors=(), train=TRAIN, tests=TESTS) -> Published:
    """A data set of these official files."""
    files = tuple(
        OfficialFile(file.name, len(content), hashlib.sha256(content).hexdigest()) for file, content in zip(of.files, contents, strict=True)
    )
    return replace(of, files=files, mirrors=tuple(mirrors), train=train, tests=tests)


def idx_contents(train=TRAIN, tests=TESTS) -> list[bytes]:
    """The four files of a small MNIST."""
    arrays = (pixels(train, (28, 28)), labels(train), pixels(tests, (28, 28), 1), labels(tests))
    return [gzip.compress(idx(array), mtime=0) for array in arrays]


def batches(train=TRAIN, tests=TESTS) -> dict[str, bytes]:
    """The members of a small CIFAR-10."""
    images, each = pixels(train, (32, 32, 3)), train // 5
    found = {
        f"cifar-10-batches-bin/data_batch_{k + 1}.bin": cifar10(images[k * each : (k + 1) * each], labels(train)[k * each : (k + 1) * each])
        for k in range(5)
    }
    return found | {"cifar-10-batches-bin/test_batch.bin": cifar10(pixels(tests, (32, 32, 3), 1), labels(tests))}


def packed(members: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    """A tar.gz of files, and of entries without content."""
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for entry in others:
            archive.addfile(entry)
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def escaping(name: str, kind: bytes, linkname: str = "") -> tarfile.TarInfo:
    """An entry of an archive that is somewhere else, or points there."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, linkname
    return entry


def small_mnist(mirrors=(), contents=None) -> tuple[Published, list[bytes]]:
    """A small MNIST and its files."""
    contents = idx_contents() if contents is None else contents
    return described(MNIST, contents, mirrors), contents


def small_cifar10(mirrors=(), contents=None) -> tuple[Published, list[bytes]]:
    """A small CIFAR-10 and its file."""
    contents = [packed(batches())] if contents is None else contents
    return described(CIFAR10, contents, mirrors), contents


def lay(published: Published, contents, folder) -> None:
    """Copy official files into a data set's folder, as a person would."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in zip(published.files, contents, strict=True):
        (folder / file.name).write_bytes(content)


Answer = Callable[["Handler", bytes], None]


@dataclass
class Mirror:
    """A server. files: contents by name; answer: how a request is answered; asked: name and Range of every request."""

    files: dict[str, bytes]
    answer: Answer
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """Answers as its mirror says."""

    mirror: Mirror

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        self.mirror.asked.append((name, self.headers.get("Range", "")))
        content = self.mirror.files.get(name)
        with contextlib.suppress(OSError):  # whoever asked has gone
            self.send(404, b"no") if content is None else self.mirror.answer(self, content)

    def log_message(self, *_):
        pass

    @property
    def start(self) -> int:
        """Where the answer is to begin."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def send(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        """Send an answer; length: what it says, where that is not what comes."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


def ranges(handler: Handler, content: bytes) -> None:
    """Send what was asked for."""
    start = handler.start
    if start:
        handler.send(206, content[start:], Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}")
    else:
        handler.send(200, content)


def whole(handler: Handler, content: bytes) -> None:
    """Send everything, whatever was asked for."""
    handler.send(200, content)


def cut(handler: Handler, content: bytes) -> None:
    """Send half of what is left, then hang up."""
    start = handler.start
    rest = content[start:]
    body = rest[: (len(rest) + 1) // 2]
    status, headers = (206, {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}) if start else (200, {})
    handler.send(status, body, len(rest), **headers)
    handler.close_connection = True


@contextlib.contextmanager
def serving(files: dict[str, bytes], answer: Answer = ranges) -> Iterator[Mirror]:
    """A server within the block."""
    mirror = Mirror(files, answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (Handler,), {"mirror": mirror}))
    server.daemon_threads = True
    mirror.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def named(published: Published, contents) -> dict[str, bytes]:
    """Contents by the names of the official files."""
    return {file.name: content for file, content in zip(published.files, contents, strict=True)}
