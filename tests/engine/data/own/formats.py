"""Files in the formats that can be imported, written byte by byte here and by no reader's counterpart."""

import struct
import zipfile
from io import BytesIO

import numpy as np

IDX_TYPES = {"u1": 0x08, "i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}


def idx(array, kind="u1"):
    """The bytes of an IDX file."""
    head = bytes([0, 0, IDX_TYPES[kind], array.ndim]) + b"".join(struct.pack(">I", length) for length in array.shape)
    return head + np.ascontiguousarray(array, dtype=kind).tobytes()


def cifar10(images, labels):
    """The bytes of a batch of CIFAR-10; images: (n, 32, 32, 3)."""
    return b"".join(bytes([label]) + image.transpose(2, 0, 1).tobytes() for image, label in zip(images, labels, strict=True))


def cifar100(images, coarse, fine):
    """The bytes of a file of CIFAR-100."""
    return b"".join(
        bytes([first, second]) + image.transpose(2, 0, 1).tobytes() for image, first, second in zip(images, coarse, fine, strict=True)
    )


def csv(rows, header=(), delimiter=","):
    """The text of a table."""
    lines = [delimiter.join(map(str, row)) for row in ([header] if header else []) + list(rows)]
    return "\n".join(lines) + "\n"


def npy_header(shape, descr="<f8"):
    """The header of an npy file, without the array that it promises."""
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def packed(path, entries, compression=zipfile.ZIP_DEFLATED):
    """Write a zip of named bytes."""
    with zipfile.ZipFile(path, "w", compression) as pack:
        for name, content in entries.items():
            pack.writestr(name, content)
    return path


def images(count, side=6, seed=0):
    """Random images (count, side, side) of bytes."""
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


def colours(count, seed=0):
    """Random images (count, 32, 32, 3) of bytes."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
