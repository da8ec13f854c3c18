"""PowerPoint presentations as slides."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from ingest.contract import Parsed, Source, UnreadableFile
from ingest.ooxml import OfficePackage, R, flag, whole
from ingest.pptx_shapes import EMU, Master, P, SlideReader, notes_of, own_texts
from ingest.slides import Slide, parsed_deck

MAX_SLIDES = 5_000
_P14 = "{http://schemas.microsoft.com/office/powerpoint/2010/main}"


def read_pptx(source: Source, *, notes: bool = True) -> Parsed:
    """The blocks of a presentation. Raises UnreadableFile where it is broken or has more than
    MAX_SLIDES slides."""
    office = OfficePackage.of(source, "a PowerPoint presentation")
    root = office.main_root()
    reader = _Deck(office, root)
    slides = reader.slides(notes=notes)
    if not slides:
        raise UnreadableFile(f"{source.name}: the presentation has no slides")
    title, metadata = office.properties()
    parsed = parsed_deck(slides, title, metadata, reader.furniture)
    if reader.lost:
        lost = {**parsed.metadata, "unreadable_slides": tuple(reader.lost)}
        return Parsed(parsed.blocks, parsed.title, parsed.page_count, lost)
    return parsed


@dataclass
class _Deck:
    """A presentation while it is read; layouts and masters are read once."""

    office: OfficePackage
    root: etree._Element
    layouts: dict[str, Master] = field(default_factory=dict)
    furniture: list[str] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)

    def slides(self, *, notes: bool) -> list[Slide]:
        """The slides in the order of the presentation. One whose part is missing stays in the
        count of pages."""
        listed = self.root.findall(f"{P}sldIdLst/{P}sldId")
        if len(listed) > MAX_SLIDES:
            raise UnreadableFile(
                f"{self.office.package.name}: it has {len(listed)} slides, more than the "
                f"{MAX_SLIDES} that are read; split it"
            )
        size = self.root.find(f"{P}sldSz")
        width = (whole(size.get("cx")) if size is not None else 9_144_000) / EMU
        height = (whole(size.get("cy")) if size is not None else 6_858_000) / EMU
        sections = self._sections()
        found: list[Slide] = []
        name: str | None = None
        for number, entry in enumerate(listed, start=1):
            slide = Slide(number, width, height)
            start = sections.get(entry.get("id") or "")
            if start is not None and start != name:
                slide.section = name = start
            self._fill(slide, self.office.target(self.office.main, entry.get(f"{R}id")), notes)
            found.append(slide)
        return found

    def _sections(self) -> dict[str, str]:
        """The name of the section of each slide by its id."""
        found: dict[str, str] = {}
        for number, section in enumerate(self.root.iter(f"{_P14}section")):
            for entry in section.iter(f"{_P14}sldId"):
                found[entry.get("id") or ""] = section.get("name") or " " * number
        return found

    def _fill(self, slide: Slide, part: str, notes: bool) -> None:
        root = self.office.root(part)
        tree = root.find(f"{P}cSld/{P}spTree") if root is not None else None
        if root is None or tree is None:
            self.lost.append(slide.number)
            return
        slide.hidden = not flag(root, "show", default=True)
        layout = self._layout(next(iter(self.office.related(part, "slideLayout")), ""))
        if layout is not None:
            slide.opens_part = layout.root.get("type") == "secHead"
        default = self.root.find(f"{P}defaultTextStyle")
        slide.shapes = SlideReader(self.office, part, layout, default).shapes(tree)
        if notes:
            for page in self.office.related(part, "notesSlide"):
                slide.notes += [paragraph.text for paragraph in notes_of(self.office.root(page))]

    def _layout(self, part: str) -> Master | None:
        if not part:
            return None
        if part not in self.layouts:
            root = self.office.root(part)
            if root is None:
                return None
            master = next(iter(self.office.related(part, "slideMaster")), "")
            parent = self.layouts.get(master)
            if parent is None and (above := self.office.root(master)) is not None:
                parent = self.layouts[master] = Master.of(above)
                self.furniture += own_texts(above)
            self.layouts[part] = Master.of(root, parent)
            self.furniture += own_texts(root)
        return self.layouts[part]
