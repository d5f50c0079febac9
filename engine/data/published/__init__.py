"""Published data sets of images, fetched once or copied by hand, decoded once, and mapped into memory: MNIST, Fashion-MNIST, CIFAR-10.

    PUBLISHED["mnist"] -> Published, what is known of it without reading anything      state(published) -> what of it is there
    require(published)    DataError with the next command where it is not there        load_images(published) -> PublishedImages, a note
    fetching.fetch(published, report)       importing.take(published, paths)           on_device.on_device(published, "cuda")

What needs the network, or torch, is imported from its own module. Tests give a `Published` of their own: nothing else says which files,
sizes and checksums there are.
"""

from engine.data.published.catalogue import PUBLISHED, Published
from engine.data.published.folder import missing, place, require, state
from engine.data.published.loading import load_images

__all__ = ["PUBLISHED", "Published", "load_images", "missing", "place", "require", "state"]
