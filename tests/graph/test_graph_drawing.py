"""Pictures of neighbourhoods: where names stand, what is said, and that nothing breaks out."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from looking_room import COMPANIES, ORG, PERSON, PLACE, Said, view_of

from api.drawing.files import drawing_of
from api.drawing.layout import laid_out
from api.drawing.lettering import shortened, width
from api.drawing.svg import drawn
from index.graph.pipeline import GraphView

SVG = "{http://www.w3.org/2000/svg}"
TYPES = (ORG, PERSON, PLACE)
NAMES = (
    "华东水泵", "临桥水厂", "Aldercool Werke", "Maria Lindqvist", "Bairui Castings", "苏州工业园区",
    "国家市场监督管理总局质量安全监管司泵类产品处", "The International Pump Testing Laboratory of Hamburg",
)  # fmt: skip


def made(size: int, seed: int) -> GraphView:
    """A graph of so many things with names of either language, related at random."""
    drawer = random.Random(seed)
    names = [*NAMES, *(f"部件{i}号" if i % 2 else f"Component {i}" for i in range(size))][:size]
    chunks = []
    for place, name in enumerate(names[1:], start=1):
        other = names[drawer.randrange(min(place, 12))]
        kind = drawer.choice(("", "supplied by", "负责", "is part of"))
        for _ in range(drawer.randrange(1, 4)):
            types = {other: TYPES[len(other) % 3], name: TYPES[len(name) % 3]}
            states = [(other, name, kind)] if kind else []
            chunks.append(Said(f"{other} … {name}.", types, states))
    return view_of(chunks)


def element(view: GraphView, name: str, limit: int = 40) -> ET.Element:
    svg = drawing_of(view, view.number(name), ".svg", limit, 3).text
    return ET.fromstring(svg)


@pytest.mark.parametrize(("size", "limit"), [(2, 2), (5, 5), (16, 16), (60, 40), (150, 120)])
@pytest.mark.parametrize("seed", range(4))
def test_no_name_covers_another_or_a_disc(size: int, limit: int, seed: int) -> None:
    view = made(size, seed)
    spots = laid_out(view.neighbourhood(view.number("华东水泵"), limit, hops=4))
    assert len(spots) >= min(size, 3)
    for one, other in combinations(spots, 2):
        assert not one.name_box.meets(other.name_box), (one.name, other.name)
        assert not one.disc.meets(other.disc), (one.name, other.name)
        assert not one.name_box.meets(other.disc), (one.name, other.name)
        assert not one.disc.meets(other.name_box), (one.name, other.name)


@pytest.mark.parametrize("seed", range(4))
def test_everything_is_inside_the_picture_and_labels_cover_nothing(seed: int) -> None:
    view = made(60, seed)
    spots = laid_out(view.neighbourhood(view.number("华东水泵"), 40, 3))
    root = element(view, "华东水泵")
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    for spot in spots:
        for box in (spot.disc, spot.name_box):
            assert left <= box.left and box.right <= left + wide
            assert top <= box.top and box.bottom <= top + high
    labels = root.findall(f"{SVG}text[@class='kind']")
    assert labels
    taken = [box for spot in spots for box in (spot.disc, spot.name_box)]
    for label in labels:
        x, y = float(label.attrib["x"]), float(label.attrib["y"])
        half = width(label.text or "", 11) / 2 - 0.2
        for box in taken:
            apart = x + half <= box.left or box.right <= x - half
            assert apart or y <= box.top or box.bottom <= y - 9


def test_a_picture_says_what_it_shows() -> None:
    view = view_of(COMPANIES)
    root = element(view, "阿里巴巴")
    assert root.attrib["role"] == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and "阿里巴巴" in (title.text or "")
    assert desc is not None and "Cainiao Network" in (desc.text or "")
    names = {text.text for text in root.iter(f"{SVG}text") if text.attrib.get("class") == "name"}
    assert {"阿里巴巴", "马云", "杭州", "Cainiao Network", "Daniel Zhang"} <= names
    labels = {text.text for text in root.findall(f"{SVG}text[@class='kind']")}
    assert {"创立", "总部位于"} <= labels
    legend = root.find(f"{SVG}g[@class='legend']")
    assert legend is not None
    assert {text.text for text in legend.iter(f"{SVG}text")} == {"person", "organization", "place"}
    edges = root.findall(f"{SVG}g[@class='edge said']")
    told = [edge.findtext(f"{SVG}title") or "" for edge in edges]
    assert any("logistics arm of" in one and "delivers for" in one for one in told)


def test_the_thicker_line_is_the_heavier_relation() -> None:
    often = [Said("甲 … 乙.", {"甲": ORG, "乙": ORG}, [("甲", "乙", "造")])] * 5
    view = view_of([*often, *(Said(f"甲 … 丙{i}.", {"甲": ORG, f"丙{i}": ORG}) for i in range(3))])
    near = view.neighbourhood(view.number("甲"), 10, 1)
    weights = {
        one.entity.id: view.network["甲"][one.entity.id]["weight"] for one in near.members[1:]
    }
    root = ET.fromstring(drawn(near).svg)
    wide = {}
    for edge in root.iter(f"{SVG}g"):
        if edge.attrib.get("class", "").startswith("edge"):
            path = edge.find(f"{SVG}path")
            assert path is not None
            wide[near.members[int(edge.attrib["data-b"])].entity.id] = float(
                path.attrib["stroke-width"]
            )
    assert wide.keys() == weights.keys()
    by_weight = sorted(weights, key=lambda one: (weights[one], one))
    assert [wide[one] for one in by_weight] == sorted(wide.values())
    assert len(set(wide.values())) > 1


def test_the_same_neighbourhood_is_the_same_picture() -> None:
    first, second = (drawing_of(v, v.number("华东水泵"), ".html", 40, 3).text
                     for v in (made(60, 1), made(60, 1)))  # fmt: skip
    assert first == second


EVIL = "</svg><script>alert(1)</script>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("form", [".svg", ".html"])
def test_what_texts_say_is_text_and_nothing_is_loaded(form: str) -> None:
    states = [(EVIL, "B & <b>", 'x"onload="y')]
    view = view_of([Said(f"{EVIL} owns B & <b>.\x07", {EVIL: ORG, "B & <b>": ORG}, states)])
    text = drawing_of(view, view.graph.numbers_of("B & <b>")[0], form, 10, 2).text
    read = _Tags()
    read.feed(text)
    scripts = [tag for tag, _ in read.tags if tag == "script"]
    assert len(scripts) == (1 if form == ".html" else 0)
    assert not any(tag == "b" for tag, _ in read.tags)
    assert EVIL in read.text
    for tag, attributes in read.tags:
        assert not {"src", "href", "xlink:href", "onload", "action"} & attributes.keys(), tag
    assert "url(" not in text
    assert "@import" not in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert "\x07" not in text
    ET.fromstring(re.search(r"<svg.*</svg>", text, re.DOTALL)[0])  # type: ignore[index]


def test_the_page_has_each_sentence_with_its_place() -> None:
    view = view_of(COMPANIES)
    read = _Tags()
    read.feed(drawing_of(view, view.number("阿里巴巴"), ".html", 40, 1).text)
    assert "马云于1999年在杭州创立了阿里巴巴。" in read.text
    assert "文档/1.md, p. 1 · 一、概述" in read.text
    rows = [attributes for tag, attributes in read.tags if tag == "tr" and "data-a" in attributes]
    near = view.neighbourhood(view.number("阿里巴巴"), 40, 1)
    assert len(rows) == len(near.relations)
    own = [row for row in rows if "0" in (row["data-a"], row["data-b"])]
    assert rows[: len(own)] == own


def test_names_are_cut_to_their_room() -> None:
    assert shortened("阿里巴巴", 13, 60) == "阿里巴巴"
    cut = shortened("国家市场监督管理总局", 13, 60)
    assert cut.endswith("…") and len(cut) < 10
    assert width(cut, 13) <= 60
    assert width("阿里", 13) == 26
    assert shortened("a\n b", 13, 100) == "a b"
