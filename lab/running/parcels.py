"""What travels between a sweep and a worker elsewhere: JSON and files as bytes, each with its SHA-256, checked before it is looked at.

A parcel is the digest of its head, the head's length, the head (strict JSON: a record, and name, length and digest of each file), and
the files one after the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from engine.errors import LabError
from engine.store.strict_json import dumps, loads

_DIGEST, _LENGTH = 32, 8  # bytes


class Tampered(LabError):
    """A parcel that is not what was sent."""


def digest(data: bytes | memoryview) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def packed(record: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> bytes:
    """Return a parcel."""
    files = files or {}
    table = [[name, len(data), digest(data)] for name, data in files.items()]
    head = dumps({"record": record, "files": table}).encode()
    return b"".join((hashlib.sha256(head).digest(), len(head).to_bytes(_LENGTH, "little"), head, *files.values()))


def unpacked(parcel: object) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return a parcel's record and files.

    Raises:
        Tampered: it is not what `packed` made.
    """
    if not isinstance(parcel, bytes):
        raise _tampered(f"{type(parcel).__name__} is no parcel")
    start = _DIGEST + _LENGTH
    end = start + int.from_bytes(parcel[_DIGEST:start], "little")
    head, rest = parcel[start:end], memoryview(parcel)[end:]
    if len(parcel) < end or hashlib.sha256(head).digest() != parcel[:_DIGEST]:
        raise _tampered("its head has another checksum")
    try:
        found = loads(head)
        record, table = dict(found["record"]), [(str(name), int(length), str(code)) for name, length, code in found["files"]]
    except (ValueError, TypeError, KeyError) as error:
        raise _tampered("its head makes no sense") from error
    files: dict[str, bytes] = {}
    for name, length, code in table:
        data, rest = rest[:length], rest[length:]
        if length < 0 or len(data) != length or digest(data) != code:
            raise _tampered(f"{name[:200]} has another checksum")
        files[name] = bytes(data)
    if len(rest):
        raise _tampered("something follows it")
    return record, files


def _tampered(how: str) -> Tampered:
    return Tampered(f"what came through the cluster is not what was sent: {how}", "run the same command again, and look after the network")
