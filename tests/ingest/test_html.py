"""Web pages: the main content and its structure in, all else out, and nothing of worth lost."""

from __future__ import annotations

import pytest

from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.html import HtmlParser

H, P, L, CAP = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.CAPTION
PROSE = "The main text of this page is long enough to count as prose for any reader of it. " * 3


def parse(html: str | bytes, **options: bool) -> Parsed:
    data = html.encode() if isinstance(html, str) else html
    return HtmlParser(**options).parse(Source("a.html", data, "a.html"), "text/html")


def shape(html: str) -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(html).blocks]


def table(html: str) -> Block:
    (found,) = [b for b in parse(html).blocks if b.kind is BlockKind.TABLE]
    return found


def test_structure() -> None:
    html = """<h1>A <i>b</i></h1><p>One
      line.<br>Next</p>loose <b>text</b><h3>C</h3>
      <blockquote><p>quoted</p></blockquote><pre>def f():
    return 1</pre>
      <figure><img src=x><figcaption>A figure</figcaption></figure>"""
    assert shape(html) == [
        (H, 1, "A b"),
        (P, 0, "One line.\nNext"),
        (P, 0, "loose text"),
        (H, 3, "C"),
        (P, 0, "quoted"),
        (BlockKind.CODE, 0, "def f():\n    return 1"),
        (CAP, 0, "A figure"),
    ]


def test_lists_nest_and_count() -> None:
    html = "<ol start=3><li>a<ul><li>b</li><li><p>c</p><p>d</p></li></ul></li><li>e</li></ol>"
    assert shape(html) == [
        (L, 1, "3. a"),
        (L, 2, "- b"),
        (L, 2, "- c"),
        (L, 2, "d"),
        (L, 1, "4. e"),
    ]


def test_definitions_keep_term_and_meaning_together() -> None:
    html = "<dl><dt>HTTP</dt><dd>a protocol</dd><dt>Alone</dt></dl>"
    assert [b.text for b in parse(html).blocks] == ["- HTTP: a protocol", "- Alone"]


def test_table_spans_and_headers() -> None:
    block = table(
        """<table><caption>Sales</caption>
        <thead><tr><th rowspan=2>City</th><th colspan=2>2021</th></tr>
        <tr><th>Q1</th><th>Q2</th></tr></thead>
        <tr><td>Paris</td><td>1</td><td>2<br>3</td></tr></table>"""
    )
    assert block.table is not None
    assert block.table.header_rows == 2
    assert block.table.rows == (
        ("City", "2021", "2021"),
        ("City", "Q1", "Q2"),
        ("Paris", "1", "2 3"),
    )


def test_infobox_title_becomes_its_caption() -> None:
    html = (
        "<table class=infobox><tr><th colspan=2>Duck</th></tr><tr><th>Class</th><td>Aves</td></tr>"
        "<tr><th>Order</th><td>Anseriformes</td></tr></table>"
    )
    kinds = shape(html)
    assert kinds[0] == (CAP, 0, "Duck")
    assert kinds[1][2].endswith("| Class | Aves |\n| Order | Anseriformes |")


def test_table_without_th_has_its_first_row_as_header() -> None:
    html = "<table><tr><td>a<td>b<tr><td>1<td>2</table>"
    assert table(html).text == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_layout_table_reads_as_text() -> None:
    html = (
        "<table><tr><td><h2>Left</h2><p>text</p></td><td>right</td></tr>"
        "<tr><td>x</td><td><table><tr><td>k</td><td>v</td></tr><tr><td>1</td><td>2</td></tr>"
        "</table></td></tr></table>"
    )
    kinds = [(b.kind, b.text) for b in parse(html).blocks]
    assert kinds[:3] == [(H, "Left"), (P, "text"), (P, "right")]
    assert (BlockKind.TABLE, "| k | v |\n| --- | --- |\n| 1 | 2 |") in kinds


def test_what_surrounds_the_content_goes() -> None:
    links = "".join(f"<li><a href=/{n}>Topic {n}</a></li>" for n in range(9))
    html = f"""<html><head><title>Duck - Site</title><style>x</style></head><body>
      <a class=skip-link href=#m>Skip</a><header><p>Site banner</p></header>
      <nav><ul><li>Home</li></ul></nav><div id=cookie-banner>We use cookies</div>
      <div class="menu main">Choose</div><ul>{links}</ul>
      <main><h1>Duck <span class=mw-editsection>[edit]</span></h1><p>{PROSE}<sup class=reference>
      [1]</sup></p><p hidden>ghost</p><p style="display: none">ghost</p>
      <aside>Note: a side remark.</aside></main>
      <aside>Other news</aside><script>var x = "ghost";</script><footer>Copyright</footer>
      </body></html>"""
    parsed = parse(html)
    assert parsed.title == "Duck"
    assert [b.text for b in parsed.blocks] == ["Duck", PROSE.strip(), "Note: a side remark."]


def test_main_text_in_an_oddly_named_part_is_kept() -> None:
    html = f"<body><nav>Home</nav><div class=sidebar><p>{PROSE}</p></div><div>End</div></body>"
    assert PROSE.strip() in [b.text for b in parse(html).blocks]
    paragraphs = "".join(f"<div class=related><p>{PROSE}</p></div>" for _ in range(5))
    assert len(parse(f"<body><p>short</p>{paragraphs}</body>").blocks) == 6


def test_small_main_does_not_hide_the_text_beside_it() -> None:
    html = f"<body><main><p>Teaser</p></main><section><p>{PROSE}</p></section></body>"
    assert [b.text for b in parse(html).blocks] == ["Teaser", PROSE.strip()]


def test_page_of_nothing_but_navigation_is_kept() -> None:
    assert [b.text for b in parse("<nav><p>Only this</p></nav>").blocks] == ["Only this"]


def test_several_articles_are_all_kept() -> None:
    html = "".join(f"<article><h2>N{n}</h2><p>{PROSE}</p></article>" for n in range(3))
    parsed = parse(html)
    assert [b.text for b in parsed.blocks if b.kind is H] == ["N0", "N1", "N2"]
    assert {b.level for b in parsed.blocks if b.kind is H} == {1}


def test_metadata_and_title() -> None:
    html = """<html lang=zh-CN><head><meta charset=utf-8><title>标题 | 网站</title>
      <meta name=author content="王 五"><meta property="og:description" content=简介>
      <meta property="article:published_time" content=2024-05-01>
      <link rel=canonical href="https://example.org/a"></head><body><h1>标题</h1>正文</body>"""
    parsed = parse(html)
    assert parsed.title == "标题"
    assert parsed.metadata == {
        "author": "王 五",
        "description": "简介",
        "created": "2024-05-01",
        "lang": "zh-CN",
        "url": "https://example.org/a",
    }
    assert parse("<title>Stated</title><p>x").title == "Stated"
    assert parse("<p>x").title == ""


def test_encodings_and_xml_declarations() -> None:
    for codec in ("gb18030", "utf-8", "utf-16"):
        html = f'<?xml version="1.0" encoding="{codec}"?><html><head><meta charset="{codec}">'
        html += "</head><body><p>鸭子是一种常见的水鸟，分布在世界各地。</p></body></html>"
        assert parse(html.encode(codec)).blocks[0].text == "鸭子是一种常见的水鸟，分布在世界各地。"


def test_deep_nesting_is_read() -> None:
    html = "<div>" * 1500 + "deep" + "</div>" * 1500
    assert [b.text for b in parse(html).blocks] == ["deep"]


@pytest.mark.parametrize("html", ["", "   ", "<html></html>", "<script>1</script>", "<!-- x -->"])
def test_page_without_text_is_unreadable(html: str) -> None:
    with pytest.raises(UnreadableFile, match=r"no visible text|no HTML"):
        parse(html)


def test_everything_visible_on_request() -> None:
    html = f"<nav>Home</nav><p>{PROSE}</p><script>ghost</script>"
    assert [b.text for b in parse(html, main_only=False).blocks] == ["Home", PROSE.strip()]


def test_footnotes_follow_their_place() -> None:
    html = (
        '<p>One<sup><a href="#fn1" class="footnote-ref" id="r1">1</a></sup> and two'
        '<a href="#fn2" role="doc-noteref">[2]</a>.</p><p>More.<a href="#fn1">1</a></p>'
        '<section class="footnotes"><ol><li id="fn1"><p>First.<a href="#r1" class="footnote-back">'
        '↩</a></p></li><li id="fn2"><p>第二。</p></li><li id="fn3">Alone</li></ol></section>'
    )
    assert shape(html) == [
        (P, 0, "One and two."),
        (BlockKind.FOOTNOTE, 0, "First."),
        (BlockKind.FOOTNOTE, 0, "第二。"),
        (P, 0, "More."),
        (BlockKind.FOOTNOTE, 0, "Alone"),
    ]


def test_formulas_are_tex() -> None:
    html = (
        '<p>A <span style="display:none"><math alttext="{\\displaystyle x^{2}}"><mi>x</mi></math>'
        '</span> b <span class="katex"><span class="katex-mathml"><math><semantics><mi>y</mi>'
        '<annotation encoding="application/x-tex">y_1</annotation></semantics></math></span>'
        '<span class="katex-html" aria-hidden="true">y1</span></span>'
        ' <script type="math/tex">z</script> <math><mn>1</mn><mo>+</mo></math>.</p>'
    )
    assert shape(html) == [(P, 0, "A $x^{2}$ b $y_1$ $z$ 1 + .")]


def test_code_keeps_its_comments_and_loses_line_numbers() -> None:
    html = (
        f"<h1>T</h1><p>{PROSE}</p><table class=highlighttable><tr><td class=linenos><pre>1\n2</pre>"
        '</td><td class=code><pre class="highlight language-python"><span class="comment"># why'
        "</span>\nx = 1</pre></td></tr></table>"
    )
    parsed = parse(html)
    assert [b.text for b in parsed.blocks if b.kind is BlockKind.CODE] == ["# why\nx = 1"]
    assert parsed.metadata == {"code_languages": ("python",)}


def test_comments_cookie_banners_and_share_buttons_are_out() -> None:
    html = (
        f"<div class='cookie-banner'>We use cookies</div><h1>T</h1><p>{PROSE}</p>"
        "<div class='share-buttons'><a>Share</a></div><div id='comments'><p>First!</p></div>"
        "<p><ruby>漢<rt>かん</rt></ruby>字</p>"
    )
    assert [b.text for b in parse(html).blocks] == ["T", PROSE.strip(), "漢字"]


def test_metadata_from_all_that_pages_state() -> None:
    html = (
        '<html lang="zh-CN"><head><meta name="keywords" content="a, b，c">'
        '<meta property="og:site_name" content="Site"><script type="application/ld+json">'
        '{"@graph":[{"@type":"NewsArticle","author":[{"name":"王小明"},{"name":"Ann"}],'
        '"datePublished":"2024-05-01","dateModified":"2024-06-01"}]}</script>'
        '<script type="application/ld+json">{broken</script></head><body><p>x</p></body></html>'
    )
    assert parse(html).metadata == {
        "site": "Site",
        "author": "王小明, Ann",
        "created": "2024-05-01",
        "modified": "2024-06-01",
        "lang": "zh-CN",
        "tags": ("a", "b", "c"),
    }


SOUP = f"""<html><head><title>泵的安装_水泵网</title></head><body>
<div class="css-1"><div><a href="/">水泵网</a></div><div>产品中心</div><div>登录</div></div>
<div class="css-2"><div>当前位置：首页 &gt; 手册</div><div class="css-3">
<h1>泵的安装</h1><div><span>更新日期：2025-05-30</span><span>浏览次数：1846</span><a>打印本页</a></div>
<div class="css-4"><p>{"安装之前检查底座是否水平，螺栓是否齐全，电源是否断开。" * 3}</p>
<p><strong>一、工具</strong></p><p>扳手。</p>
<p style="text-indent:2em"><span style="font-weight:bold">二、步骤</span></p>
<table><tr><th>步骤</th><th>用时</th></tr><tr><td>登录</td><td>2 分钟</td></tr></table>
<p>{"先装底座，再装泵体，最后接管，并检查每一处是否漏水。" * 3}</p></div>
<div>附件：<a href="a.doc">安装记录表.doc</a></div>
<div class="css-5"><div>这篇文章对您有帮助吗？</div><div>有帮助 (214)</div></div>
<div class="css-6"><h3>相关文章</h3><div><a href="/a">泵的保养</a></div><p>2024年3月</p></div>
</div></div>
<div class="css-7"><p>网站地图 | <a>联系我们</a></p><p>版权所有 © 2025 水泵网</p></div>
</body></html>"""


def test_pages_without_a_word_of_structure() -> None:
    """Nothing but the texts tells what is content: no main element, no telling class."""
    parsed = parse(SOUP)
    assert parsed.title == "泵的安装"
    assert [(b.kind, b.level, b.text[:6]) for b in parsed.blocks] == [
        (H, 1, "泵的安装"),
        (P, 0, "更新日期：2"),
        (P, 0, "安装之前检查"),
        (H, 2, "一、工具"),
        (P, 0, "扳手。"),
        (H, 2, "二、步骤"),
        (BlockKind.TABLE, 0, "| 步骤 |"),
        (P, 0, "先装底座，再"),
        (P, 0, "附件：安装记"),
    ]
    assert parsed.blocks[1].text == "更新日期：2025-05-30"


def test_short_pages_are_read_whole() -> None:
    html = "<div><h1>联系方式</h1><div>电话 0755-1234567</div></div><div><p>地址：上海</p></div>"
    assert [text for _, _, text in shape(html)] == ["联系方式", "电话 0755-1234567", "地址：上海"]


@pytest.mark.parametrize("size", ["18px", "14pt"])
def test_large_lines_are_headings_where_no_tag_says_so(size: str) -> None:
    line = f'<div style="font-size:{size};font-weight:700">%s</div><p>{PROSE}</p>'
    small = f"<div><b>%s</b></div><p>{PROSE}</p>"
    html = "<h1>T</h1>" + line % "First" + small % "Inner" + line % "Second"
    found = [(level, text) for kind, level, text in shape(html) if kind is H]
    assert found == [(1, "T"), (2, "First"), (3, "Inner"), (2, "Second")]
    tagged = html.replace("<h1>T</h1>", "<h1>T</h1><h2>Real</h2>")
    assert [text for kind, _, text in shape(tagged) if kind is H] == ["T", "Real"]


def test_one_bold_line_is_emphasis() -> None:
    html = f"<h1>T</h1><p>{PROSE}</p><p><b>Note well</b></p><p>{PROSE}</p>"
    assert (P, 0, "Note well") in shape(html)


def test_contents_of_the_page_are_left_out() -> None:
    links = "".join(
        f'<li><a href="#s{n}">A rather long name of section {n}</a></li>' for n in "123"
    )
    html = f"<article><h1>T</h1><ul>{links}</ul><p>{PROSE}</p></article>"
    assert [kind for kind, _, _ in shape(html)] == [H, P]
    elsewhere = html.replace("#s", "/s")
    assert [kind for kind, _, _ in shape(elsewhere)] == [H, L, L, L, P]


def test_the_words_of_sites_are_known_only_around_the_text() -> None:
    html = (
        f"<body><div><h1>T</h1><p>Share this article</p><p>{PROSE}</p><p>Sign in</p>"
        f"<p>{PROSE}</p><p>Next: Another page</p></div></body>"
    )
    assert [text for _, _, text in shape(html)] == ["T", PROSE.strip(), "Sign in", PROSE.strip()]
