"""Office Open XML packages (DOCX, PPTX, XLSX): parts, the relations between them, properties.

Source: ECMA-376, part 2 (Open Packaging Conventions).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from ingest.contract import Json, Source, UnreadableFile
from ingest.package import Package
from ingest.properties import properties

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_CORE = {
    "title": "title",
    "creator": "author",
    "created": "created",
    "modified": "modified",
    "language": "language",
    "keywords": "keywords",
    "subject": "subject",
    "category": "category",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to: the kind (last word of the relation's type) and the target part;
    `target` is "" for what lies outside the package, which is never fetched."""

    kind: str
    target: str


@dataclass
class OfficePackage:
    """An OOXML package, its main part and the relations of its parts."""

    package: Package
    main: str
    _relations: dict[str, dict[str, Relation]] = field(default_factory=dict)

    @staticmethod
    def of(source: Source, what: str) -> OfficePackage:
        """The package in the file's bytes. Raises UnreadableFile where it is none."""
        package = Package.of(source, what)
        opened = OfficePackage(package, "")
        for relation in opened.relations("").values():
            if relation.kind == "officeDocument" and relation.target in package:
                opened.main = relation.target
                return opened
        raise UnreadableFile(
            f"{source.name}: not readable as {what}: it has no main part; save it again from the "
            "program that made it"
        )

    def root(self, part: str) -> etree._Element | None:
        """The root element of a part, None where there is none."""
        return self.package.root(part) if part else None

    def main_root(self) -> etree._Element:
        """The root of the main part. Raises UnreadableFile where it is empty."""
        root = self.package.root(self.main)
        if root is None:
            raise UnreadableFile(
                f"{self.package.name}: not readable as {self.package.what}: its main part is "
                "empty; get a whole copy of it"
            )
        return root

    def relations(self, part: str) -> Mapping[str, Relation]:
        """The relations of a part by id, in the file's order; those of the package for ""."""
        if part not in self._relations:
            self._relations[part] = self._read_relations(part)
        return self._relations[part]

    def _read_relations(self, part: str) -> dict[str, Relation]:
        folder, name = posixpath.split(part)
        root = self.package.root(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, Relation] = {}
        for element in root if root is not None else ():
            kind = (element.get("Type") or "").rstrip("/").rpartition("/")[2]
            target = unquote((element.get("Target") or "").split("#")[0])
            if element.get("TargetMode") == "External" or "://" in target:
                target = ""
            elif target.startswith("/"):
                target = target.lstrip("/")
            elif target:
                target = posixpath.normpath(posixpath.join(folder, target))
            found[element.get("Id") or ""] = Relation(kind, target)
        return found

    def target(self, part: str, identifier: str | None) -> str:
        """The part that a relation of `part` leads to, "" where it leads nowhere."""
        relation = self.relations(part).get(identifier or "")
        if relation is None or relation.target not in self.package:
            return ""
        return relation.target

    def related(self, part: str, *kinds: str) -> list[str]:
        """The parts of these kinds that `part` refers to, in the file's order."""
        return [
            relation.target
            for relation in self.relations(part).values()
            if relation.kind in kinds and relation.target in self.package
        ]

    def properties(self) -> tuple[str, dict[str, Json]]:
        """The title that the file states ("" for one that a program made up) and its
        metadata."""
        stated: dict[str, str] = {}
        for part in self.related("", "core-properties"):
            root = self.package.root(part)
            for element in root if root is not None else ():
                key = _CORE.get(re.split("[}:]", str(element.tag))[-1])
                if key and element.text:
                    stated.setdefault(key, element.text)
        return properties(stated)


def flag(element: etree._Element | None, name: str, *, default: bool = False) -> bool:
    """An attribute that is on or off; `default` where it is not there."""
    if element is None:
        return default
    return element.get(name, "1" if default else "0").lower() in ("1", "true", "on")


def whole(text: str | None, default: int = 0) -> int:
    """A whole number as a file states it, `default` where it is none or absurdly long."""
    try:
        return int(text) if text is not None and len(text) < 20 else default
    except ValueError:
        return default


def chosen(element: etree._Element) -> etree._Element | None:
    """The branch of an mc:AlternateContent that is read: the first Choice, else Fallback."""
    for name in ("Choice", "Fallback"):
        found = element.find(f"{MC}{name}")
        if found is not None and len(found):
            return found
    return None
