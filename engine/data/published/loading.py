"""A published data set for use: mapped into memory where it was decoded before, decoded now where its official files alone are there."""

from __future__ import annotations

from pathlib import Path

from engine.data.published import stored
from engine.data.published.catalogue import Published
from engine.data.published.decoding import again, decoded
from engine.data.published.folder import locked, missing, place, require_space, state
from engine.data.published.stored import PublishedImages
from engine.errors import DataError, StoreError
from engine.telling import tell


def load_images(published: Published) -> tuple[PublishedImages, str]:
    """Return the images, and a sentence where something about them should be said (often empty).

    Raises:
        DataError: they are not here, or damaged.
    """
    folder = place(published)
    found = state(published)
    damage = found.damage
    if found.decoded:
        try:
            return stored.read(published, folder), ""
        except StoreError as error:
            damage = error.message
    if found.missing:
        if damage:
            raise DataError(damage, again(published))
        raise missing(published, found)
    return decode(published, folder)


def decode(published: Published, folder: Path) -> tuple[PublishedImages, str]:
    """Decode the official files, or wait for whoever does; where the folder takes nothing, into memory.

    Raises:
        DataError: the official files are not the published ones, or damaged.
    """
    tell(f"decoding {published.name}")
    try:
        require_space(published, published.decoded_size)
        with locked(published, "decoded", wait=True):
            return decode_locked(published, folder), ""
    except StoreError as error:
        arrays = dict(decoded(published, folder))
        why = f"{published.name} is decoded anew in every run: {error.message}"
        return PublishedImages(*arrays.values()), why


def decode_locked(published: Published, folder: Path) -> PublishedImages:
    """Decode the official files within their lock, unless somebody else has done so meanwhile.

    Raises:
        DataError: the official files are not the published ones, or damaged.
        StoreError: the disk refused.
    """
    found = state(published)
    damage = found.damage
    if found.decoded:
        try:
            return stored.read(published, folder)
        except StoreError as error:
            damage = error.message
    if damage:
        tell(f"the decoded images of {published.name} are damaged and decoded anew")
    stored.write(published, folder, decoded(published, folder))
    return stored.read(published, folder)
