"""`genlab verify --junit FILE`: one test case per claim and phenomenon, in the form that continuous integration reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from engine.contract import Status
from engine.errors import StoreError, UsageError
from engine.store.files import replace
from lab.running.claim_counts import ClaimCount

_ALLOWED = "\t\n\r\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_FORBIDDEN = re.compile(f"[^{_ALLOWED}]")  # in XML 1.0, or because a terminal obeys it
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
HINT = "name another file with --junit FILE"


def require_writable(path: Path) -> None:
    """Look before the work whether the file can be written after it.

    Raises:
        UsageError: there is no such folder, or something else than a file has the name.
    """
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", HINT)
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file", HINT)


def write_junit(path: Path, title: str, found: Sequence[tuple[str, Sequence[ClaimCount], Sequence[str]]]) -> None:
    """Write the file; one that is there is replaced.

    found: of each phenomenon its name, its claims, and the sentences of runs that failed.

    Raises:
        StoreError: the disk refused.
    """
    root = ElementTree.Element("testsuites", name=_clean(title))
    for name, claims, problems in found:
        cases = [*(_case(name, claim) for claim in claims), *_broken(name, problems)]
        suite = ElementTree.SubElement(root, "testsuite", name=_clean(name), tests=str(len(cases)))
        for attribute, tag in COUNTED.items():
            suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
        suite.extend(cases)
    ElementTree.indent(root)
    try:
        replace(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n", durable=False)
    except StoreError as error:
        raise StoreError(error.message, HINT) from error


def _case(phenomenon: str, counted: ClaimCount) -> ElementTree.Element:
    claim = counted.claim
    case = ElementTree.Element("testcase", classname=_clean(f"genlab.{phenomenon}"), name=_clean(f"{claim.id} {claim.sentence}"))
    _note_counts(case, counted)
    failing = next((row for row in counted.rows if row["status"] == Status.FAILS), {})
    if counted.too_often:
        may = f"by luck in a share of {claim.chance:g}" if claim.chance else "never"
        said = f"failed in {counted.failed} of {counted.decided} runs that decided it, and may {may}"
        detail = f"seed {failing['seed']}: predicted {failing['predicted']}, measured {failing['measured']}, tolerance {claim.tolerance}"
        ElementTree.SubElement(case, "failure", message=_clean(said), type="claim").text = _clean(detail)
    elif not counted.decided:
        ElementTree.SubElement(case, "skipped", message=_clean(counted.sentence))
    return case


def _note_counts(case: ElementTree.Element, counted: ClaimCount) -> None:
    """How often the claim failed, beside how often it may, as properties of its case: also of one that passes."""
    said: dict[str, Any] = {
        "runs": len(counted.rows),
        "decided": counted.decided,
        "failed": counted.failed,
        "may fail": counted.claim.chance,
    }
    if counted.probability is not None:
        said["probability of so many failures"] = counted.probability
    held = ElementTree.SubElement(case, "properties")
    for name, value in (*said.items(), ("verdict", counted.sentence)):
        ElementTree.SubElement(held, "property", name=name, value=_clean(value if isinstance(value, str) else f"{value:.6g}"))


def _broken(phenomenon: str, problems: Iterable[str]) -> list[ElementTree.Element]:
    cases = []
    for number, sentence in enumerate(problems, 1):
        case = ElementTree.Element("testcase", classname=_clean(f"genlab.{phenomenon}"), name=f"run {number} that failed")
        ElementTree.SubElement(case, "error", message=_clean(sentence), type="run")
        cases.append(case)
    return cases


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
