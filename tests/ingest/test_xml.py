"""XML of well-known kinds keeps its structure; entities and DTDs do nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.xml import XmlParser

H, P, L, T = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE


def parse(xml: str | bytes) -> Parsed:
    data = xml.encode() if isinstance(xml, str) else xml
    return XmlParser().parse(Source("a.xml", data, "a.xml"), "application/xml")


def shape(xml: str | bytes) -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(xml).blocks]


def test_docbook() -> None:
    xml = """<?xml version="1.0"?><article xmlns="http://docbook.org/ns/docbook" xml:lang="zh">
      <info><title>手册</title><author><personname>王小明</personname></author></info>
      <section><title>One</title><para>Text <emphasis>bold</emphasis>
        goes on<footnote><para>A note.</para></footnote>.</para>
        <orderedlist><listitem><para>a</para><itemizedlist><listitem><para>b</para></listitem>
        </itemizedlist></listitem><listitem><para>c</para></listitem></orderedlist>
        <programlisting>def f():
    pass</programlisting>
        <table><title>Prices</title><tgroup cols="2">
        <thead><row><entry>k</entry><entry>v</entry></row>
        </thead><tbody><row><entry>1</entry><entry>2</entry></row></tbody></tgroup></table>
        <section><title>Inner</title><variablelist><varlistentry><term>T</term><listitem>
        <para>means</para></listitem></varlistentry></variablelist></section></section></article>"""
    assert shape(xml) == [
        (H, 1, "手册"),
        (H, 2, "One"),
        (P, 0, "Text bold goes on."),
        (BlockKind.FOOTNOTE, 0, "A note."),
        (L, 1, "1. a"),
        (L, 2, "- b"),
        (L, 1, "2. c"),
        (BlockKind.CODE, 0, "def f():\n    pass"),
        (BlockKind.CAPTION, 0, "Prices"),
        (T, 0, "| k | v |\n| --- | --- |\n| 1 | 2 |"),
        (H, 3, "Inner"),
        (L, 1, "- T: means"),
    ]
    parsed = parse(xml)
    assert parsed.title == "手册"
    assert parsed.metadata == {"author": "王小明", "lang": "zh"}


def test_jats() -> None:
    xml = """<article><front><article-meta><title-group><article-title>On Ducks</article-title>
      </title-group><contrib-group><contrib><name><surname>Lee</surname><given-names>Ann</given-names>
      </name></contrib></contrib-group><pub-date><day>4</day><month>3</month><year>2020</year>
      </pub-date><abstract><p>Short.</p></abstract><kwd-group><kwd>duck</kwd><kwd>bird</kwd>
      </kwd-group></article-meta></front><body><sec><label>1</label><title>Start</title>
      <p>Body <xref>[1]</xref>.</p><fig><label>Figure 1.</label>
      <caption><p>A duck</p></caption></fig>
      </sec></body><back><ref-list><title>References</title><ref><mixed-citation>Lee A. Ducks.
      </mixed-citation></ref></ref-list></back></article>"""
    assert shape(xml) == [
        (H, 1, "On Ducks"),
        (H, 2, "Abstract"),
        (P, 0, "Short."),
        (H, 2, "1 Start"),
        (P, 0, "Body [1]."),
        (BlockKind.CAPTION, 0, "Figure 1. A duck"),
        (H, 2, "References"),
        (P, 0, "Lee A. Ducks."),
    ]
    assert parse(xml).metadata == {
        "author": "Ann Lee",
        "created": "2020-03-04",
        "tags": ("duck", "bird"),
    }


def test_feeds_and_sitemaps() -> None:
    rss = """<rss><channel><title>News</title><description>All</description><language>en</language>
      <item><title>First</title><pubDate>Mon</pubDate><description>&lt;p&gt;A &lt;b&gt;b&lt;/b&gt;
      &lt;/p&gt;&lt;ul&gt;&lt;li&gt;c&lt;/li&gt;&lt;/ul&gt;</description></item></channel></rss>"""
    assert shape(rss) == [
        (H, 1, "News"),
        (H, 2, "First"),
        (P, 0, "Date: Mon"),
        (P, 0, "A b"),
        (L, 1, "- c"),
    ]
    assert parse(rss).metadata == {"description": "All", "lang": "en"}
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>博客</title><entry><title>一</title>
      <link href="http://x/1"/><author><name>Ann</name></author>
      <content>正文</content></entry></feed>"""
    assert shape(atom)[1:] == [
        (H, 2, "一"),
        (P, 0, "Author: Ann\nLink: http://x/1"),
        (P, 0, "正文"),
    ]
    sitemap = "<urlset><url><loc>http://x</loc><lastmod>2020</lastmod></url></urlset>"
    assert shape(sitemap) == [(T, 0, "| url | modified |\n| --- | --- |\n| http://x | 2020 |")]


def test_records_are_a_table_and_settings_are_lists() -> None:
    records = "".join(f'<book id="b{n}"><名>书{n}</名><price>{n}</price></book>' for n in (1, 2))
    assert shape(f"<library>{records}</library>") == [
        (T, 0, "| id | 名 | price |\n| --- | --- | --- |\n| b1 | 书1 | 1 |\n| b2 | 书2 | 2 |")
    ]
    config = '<c><server name="x"><host>h</host><port>1</port></server><note>Mind it</note></c>'
    assert shape(config) == [
        (H, 1, "server x"),
        (L, 1, "- host: h"),
        (L, 1, "- port: 1"),
        (L, 1, "- note: Mind it"),
    ]


def test_unknown_documents_keep_titles_and_mixed_text() -> None:
    xml = "<doc><title>T</title>loose <x>text</x> after<part><head>Sub</head><p>P</p></part></doc>"
    assert [b.text for b in parse(xml).blocks if b.kind is H] == ["T", "Sub"]
    assert "P" in [b.text for b in parse(xml).blocks]


def test_entities_and_dtds_do_nothing() -> None:
    laughs = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><a>x &c; y</a>'
    assert parse(laughs).blocks[0].text.endswith("x &c; y")
    file = '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]><a>x &f;</a>'
    assert parse(file).blocks[0].text.endswith("x &f;")
    outside = '<!DOCTYPE a SYSTEM "http://localhost:1/x.dtd"><a>caf&eacute; &amp; &#20013;</a>'
    assert parse(outside).blocks[0].text.endswith("café & 中")


def test_encodings_and_damage() -> None:
    gbk = '<?xml version="1.0" encoding="GBK"?><a><p>中文内容</p></a>'.encode("gbk")
    assert parse(gbk).blocks[0].text == "中文内容"
    assert "kept" in " ".join(b.text for b in parse("<a><p>kept</p><b>cut").blocks)
    with pytest.raises(UnreadableFile, match="not readable as XML"):
        parse("no xml at all")
    for depth in (300, 100_000):
        with pytest.raises(UnreadableFile):
            parse("<a>" * depth + "x" + "</a>" * depth)


NAMES = st.sampled_from(["a", "p", "title", "table", "row", "cell", "list", "item", "sec", "fn"])
TREES = st.recursive(
    st.sampled_from(["word", "中文"]),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", NAMES, st.lists(inner, max_size=4)
    ),
    max_leaves=15,
)


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_any_tree_is_read(xml: str) -> None:
    for block in parse(f"<root>{xml}</root>").blocks:
        assert block.text.strip() and 0 <= block.level <= 20
