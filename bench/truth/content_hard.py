"""Documents that are hard to read: two languages in turn, long cells, tables over pages with two
header rows, sheets that hold more than one table."""

from __future__ import annotations

from bench.truth.compose import Composer
from bench.truth.model import Content, Grid, Heading, Item, Para, Piece


def notice() -> Content:
    """A tender in Chinese and English, paragraph by paragraph and within sentences."""
    zh, en = Composer("notice-zh", "zh"), Composer("notice-en", "en")
    fact = "投标保证金为人民币12.6万元（RMB 126,000），须于2026年4月8日17:00前到账。"
    pieces: list[Piece] = [
        *zh.paras("legal", 1), *en.paras("legal", 1),
        Heading(1, "一、项目概况 Project Overview"), *zh.paras("business", 1, 3, 5),
        *en.paras("business", 1, 3, 5),
        Heading(2, "（一）服务范围 Scope of Services"),
        Para("中标人应当提供WMS（warehouse management system）接口，支持EDI 856与API两种方式，"
             "并在SLA中写明99.5%的可用率（availability）。"),
        *en.paras("legal", 1, 4, 6),
        Heading(2, "（二）服务期限 Term"), *zh.paras("legal", 1, 4, 6), *en.paras("legal", 1, 2, 3),
        Heading(1, "二、投标人资格 Qualification of Bidders"), *zh.paras("legal", 1),
        Item("具有AA级以上信用（credit rating AA or above）；"),
        Item("近3年无重大违约（no material breach in the last 3 years）；"),
        Item("No joint bids are accepted，不接受联合体投标。"),
        Para(fact), *zh.paras("legal", 1, 5, 7),
        Heading(1, "三、评分办法 Evaluation"), *en.paras("business", 1, 3, 4), scores(zh, en),
        *zh.paras("business", 1, 3, 5), *en.paras("business", 1, 5, 6),
        Heading(2, "（一）开标程序 Opening of Bids"), *zh.paras("legal", 1, 5, 7),
        *en.paras("legal", 1, 4, 6),
        Heading(1, "四、联系方式 Contact"), *zh.paras("business", 1),
        Para("联系人：郑海涛 Tel: +86 532 8077 1946，邮箱 tender@example.com。"),
    ]  # fmt: skip
    return Content(
        "notice-mixed", "zh", "跨境仓储服务招标公告 Tender for Cross-border Warehousing",
        tuple(pieces), (("保证金是多少？", fact),),
        header="招标编号 Tender No. QD-2026-017", footer="第 {page} 页 / Page {page} of {pages}",
        author="采购部", date="2026-03-20",
    )  # fmt: skip


def scores(zh: Composer, en: Composer) -> Grid:
    """Two header rows, merged first column, long cells, empty cells; longer than a page."""
    head = (
        ("类别 Category", "评分项 Criterion", "分值 Points", "分值 Points", "说明 Remarks"),
        ("类别 Category", "评分项 Criterion", "最高 Max", "最低 Min", "说明 Remarks"),
    )
    kinds = ("商务 Commercial", "技术 Technical", "服务 Service", "价格 Price")
    names = ("资质 Licence", "业绩 Record", "方案 Plan", "人员 Staff", "设备 Equipment")
    rows: list[tuple[str, ...]] = []
    for number, kind in enumerate(kinds):
        for index, name in enumerate(names):
            remark = zh.sentence("legal") if index % 2 == 0 else en.sentence("technical")
            low = "" if index == 3 else str(number + index)
            rows.append((kind, f"{name} {number + 1}.{index + 1}", str(20 - index), low, remark))
    merges = [(0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 2), (0, 4, 2, 1)]
    merges += [(2 + 5 * number, 0, 5, 1) for number in range(len(kinds))]
    return Grid((*head, *rows), 2, "表1 评分标准 Table 1 Criteria", tuple(merges))


def ledger(language: str) -> Content:
    """A sheet with a title over the table, two header rows, a remark below and a second table."""
    zh = language == "zh"
    c = Composer(f"ledger-{language}", language)
    if zh:
        sheet, remark = "三季度", "注：金额不含税，退货已经扣除。"
        head = (("门店", "七月", "七月", "八月", "八月"), ("门店", "件数", "金额", "件数", "金额"))
        shops = ("滨江店", "长宁店", "东湖店", "南浦店", "云岭店", "青岛店")
        second = ("费用项目", "预算", "实际")
        items = ("房租", "水电", "运费")
        title = "2025年第三季度销售统计"
    else:
        sheet, remark = "Quarter 3", "Amounts are net of tax; returns have been taken off."
        head = (("Shop", "July", "July", "August", "August"),
                ("Shop", "Units", "Amount", "Units", "Amount"))  # fmt: skip
        shops = ("Harbour", "Market Square", "Old Town", "Station", "Airport", "Lakeside")
        second = ("Cost item", "Budget", "Actual")
        items = ("Rent", "Power", "Freight")
        title = "Sales statistics of the third quarter of 2025"
    body = tuple(
        (shop, c.amount(20, 900), c.amount(1_000, 90_000), c.amount(20, 900),
         c.amount(1_000, 90_000))
        for shop in shops
    )  # fmt: skip
    costs = (second, *((item, c.amount(900, 9_000), c.amount(900, 9_000)) for item in items))
    merges = ((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2))
    pieces: tuple[Piece, ...] = (
        Heading(1, sheet), Para(title), Grid((*head, *body), 2, merges=merges), Para(remark),
        Grid(costs),
    )  # fmt: skip
    question = "金额含税吗？" if zh else "Do amounts include tax?"
    return Content(f"ledger-{language}", language, title, pieces, ((question, remark),))
