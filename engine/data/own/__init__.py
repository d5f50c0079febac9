"""Own data: files that a person imports under a name, kept by their content, used by a knob beside the built-in data sets.

    found = own.read(["train.csv"], own.Wishes(target="price"))   what a file holds; DataError or UsageError say what is wrong with it
    own.add("prices", found)             -> Entry, stored          own.find("prices") -> Entry, without reading the arrays
    own.load("prices", entry.sha256)     -> OwnData, the arrays; DataError where the content is another or gone
    own.entries() -> every Entry         own.remove("prices")      own.data_folder()

The kinds: `classes` (x, y whole numbers from 0, `classes` their names), `targets` (x, y real), `spectrum` (eigenvalues,
perhaps a signal). A phenomenon takes them by a knob made with `engine.data.knobs.data_knob(default, text, builtin=(...),
kinds=(...))`; its config also declares `NAME_sha256: str = content_of("NAME")`, which is filled when the config is built from an
imported name and checked whenever it is built again. `engine.data.registry` makes training and test sets of class data.
"""

from engine.data.own.entry import Entry, Kind, OwnData, checked_name
from engine.data.own.folder import add, damage, data_folder, entries, find, load, remove
from engine.data.own.reading import read
from engine.data.own.table import Wishes

__all__ = [
    "Entry",
    "Kind",
    "OwnData",
    "Wishes",
    "add",
    "checked_name",
    "damage",
    "data_folder",
    "entries",
    "find",
    "load",
    "read",
    "remove",
]
