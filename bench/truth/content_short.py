"""Short documents: a price list, minutes, slides, a letter, a spreadsheet's sheets, notes."""

from __future__ import annotations

from bench.truth.compose import Composer
from bench.truth.model import Break, Code, Content, Grid, Heading, Item, Para, Piece


def price_list(language: str) -> Content:
    """A table of over a page, and a second without lines."""
    zh = language == "zh"
    c = Composer(f"prices-{language}", language)
    fact = (
        "订单满5万元免运费，偏远地区另收每箱46元。"
        if zh
        else "Orders above 5,000 euros travel free; remote areas cost 46 euros a box."
    )
    pieces: list[Piece] = [
        *c.paras("business", 1), Heading(1, "泵与配件" if zh else "Pumps and parts"),
        Para(fact), prices(c, zh, 64),
        Heading(1, "服务项目" if zh else "Services"), *c.paras("business", 1), _services(c, zh),
        Heading(1, "说明" if zh else "Remarks"), *c.paras("business", 2),
    ]  # fmt: skip
    return Content(
        f"prices-{language}", language,
        "2026年春季产品价目表" if zh else "Price List, Spring 2026", tuple(pieces),
        (("多少钱免运费？" if zh else "When is delivery free?", fact),),
        header="恒川科技价目表 2026-03" if zh else "Ridgeway Controls prices 2026-03",
        footer="价格含税 第 {page} 页" if zh else "Prices include tax, page {page}",
        author="刘芳" if zh else "Grace Okafor", date="2026-03-02",
    )  # fmt: skip


_KINDS_ZH = ("离心泵", "螺杆泵", "隔膜泵", "球阀", "止回阀", "流量计", "滤芯", "密封圈")
_KINDS_EN = ("Centrifugal pump", "Screw pump", "Diaphragm pump", "Ball valve", "Check valve",
             "Flow meter", "Cartridge", "Seal ring")  # fmt: skip


def prices(c: Composer, zh: bool, count: int) -> Grid:
    """Articles with numbers, sizes and prices."""
    head = (
        ("货号", "品名", "口径（mm）", "单价（元）", "库存（件）")
        if zh
        else ("Article", "Name", "Bore (mm)", "Price (EUR)", "Stock")
    )
    kinds = _KINDS_ZH if zh else _KINDS_EN
    rows = []
    for index in range(count):
        kind = kinds[index % len(kinds)]
        bore = str(c.random.choice((15, 20, 25, 32, 40, 50, 65, 80)))
        price = f"{c.random.randint(40, 9_800):,}.{c.random.randint(10, 99)}"
        rows.append((f"HC-{1000 + index * 7}", kind, bore, price, c.amount(5, 4_000)))
    return Grid((head, *rows))


def _services(c: Composer, zh: bool) -> Grid:
    head = ("服务", "响应时间", "费用（元）") if zh else ("Service", "Response", "Fee")
    names = (
        ("上门检修", "年度保养", "远程诊断", "操作培训")
        if zh
        else ("Repair on site", "Yearly service", "Remote diagnosis", "Training")
    )
    unit = "小时" if zh else "hours"
    rows = tuple(
        (name, f"{c.random.randint(2, 72)} {unit}", c.amount(200, 9_000)) for name in names
    )
    return Grid((head, *rows), borderless=True)


def minutes(language: str) -> Content:
    """Minutes of a meeting: 一、（一） in Chinese, plain headings in English."""
    zh = language == "zh"
    c = Composer(f"minutes-{language}", language)
    names = _MINUTES_ZH if zh else _MINUTES_EN
    fact = names["decision"]
    pieces: list[Piece] = [
        Para(names["when"]), Para(names["present"]),
        Heading(1, names["1"]), *c.paras("business", 2, 3, 5),
        Heading(2, names["1a"]), *c.paras("business", 2, 3, 5),
        Heading(2, names["1b"]), *c.paras("business", 2, 3, 5), Para(fact),
        Heading(1, names["2"]), *c.paras("business", 1, 4, 6), _tasks(c, zh),
        *c.paras("business", 2, 3, 5), Heading(1, names["3"]), *c.paras("business", 2, 3, 5),
        *(Item(c.sentence("business")) for _ in range(4)),
    ]  # fmt: skip
    return Content(
        f"minutes-{language}", language, names["title"], tuple(pieces),
        ((names["question"], fact),), header=names["header"],
        footer="{page} / {pages}", author="林晓梅" if zh else "Tom Hallgren", date="2025-10-09",
    )  # fmt: skip


_MINUTES_ZH = {
    "title": "生产协调会会议纪要", "header": "生产协调会 第31次",
    "when": "时间：2025年10月9日上午9时30分。地点：总部大楼十二层会议室。",
    "present": "出席：陈思远、林晓梅、周建国、王若楠、赵一鸣。缺席：吴雨桐（出差）。",
    "1": "一、上期事项回顾", "1a": "（一）设备检修进度", "1b": "（二）外协质量问题",
    "2": "二、本期工作安排", "3": "三、其他事项",
    "decision": "会议决定由周建国牵头，在10月31日前更换二号线的全部减速机。",
    "question": "减速机什么时候换完？",
}  # fmt: skip
_MINUTES_EN = {
    "title": "Minutes of the Production Meeting", "header": "Production meeting no. 31",
    "when": "Held on 9 October 2025 at 9.30 in the large meeting room of building twelve.",
    "present": "Present were M. Ostrowski, D. Achebe, P. Raman and T. Hallgren; G. Okafor was "
    "travelling.",
    "1": "Matters arising", "1a": "Progress of the overhaul", "1b": "Quality of outside work",
    "2": "Tasks for the period", "3": "Any other business",
    "decision": "It was resolved that Priya Raman will have all gearboxes of line two replaced "
    "before 31 October.",
    "question": "When will the gearboxes be replaced?",
}  # fmt: skip


def _tasks(c: Composer, zh: bool) -> Grid:
    head = ("序号", "任务", "责任人", "期限") if zh else ("No.", "Task", "Person", "Due")
    tasks = c.random.sample(c.slots["action"], 6)
    rows = tuple(
        (str(n), task if zh else task.capitalize(), c.fill("person"), c.fill("date"))
        for n, task in enumerate(tasks, start=1)
    )
    return Grid((head, *rows))


def slides(language: str) -> Content:
    """A deck: each slide has a title, points in two levels, sometimes a table."""
    zh = language == "zh"
    c = Composer(f"slides-{language}", language)
    titles = _SLIDES_ZH if zh else _SLIDES_EN
    fact = (
        "试点在2026年1月12日启动，首批覆盖18家门店。"
        if zh
        else "The pilot starts on 12 January 2026 with 18 shops."
    )
    pieces: list[Piece] = []
    for index, title in enumerate(titles):
        if index:
            pieces.append(Break())
        pieces.append(Heading(1, title))
        if index == 2:
            pieces.append(_rollout(c, zh))
            continue
        if index == 4:
            pieces.append(Item(fact, 1))
        for _ in range(3):
            pieces.append(Item(c.sentence("business"), 1))
            if c.random.random() < 0.5:
                pieces.append(Item(c.sentence("technical"), 2))
        if index == 3 and not zh:
            pieces.append(Para(c.text("business", 2)))  # the speaker's notes
    return Content(
        f"slides-{language}", language,
        "门店数字化项目启动" if zh else "Kick-off of the Digital Shop Project", tuple(pieces),
        (("试点何时启动？" if zh else "When does the pilot start?", fact),),
        header="", footer="恒川科技 内部培训 {page}" if zh else "Ridgeway internal training {page}",
        author="郑海涛" if zh else "Samuel Whitford", date="2025-12-01",
    )  # fmt: skip


_SLIDES_ZH = ("项目背景", "总体目标", "推广计划", "系统架构", "试点安排", "风险提示")
_SLIDES_EN = ("Background", "Goals", "Rollout plan", "Architecture", "The pilot", "Risks")


def _rollout(c: Composer, zh: bool) -> Grid:
    head = ("阶段", "门店数", "开始日期", "负责人") if zh else ("Stage", "Shops", "Start", "Lead")
    stages = ("试点", "扩展", "全面推广") if zh else ("Pilot", "Extension", "Full rollout")
    rows = tuple(
        (stage, str(c.random.randint(10, 400)), c.fill("date"), c.fill("person"))
        for stage in stages
    )
    return Grid((head, *rows))


def mail(language: str) -> Content:
    """A letter of a few paragraphs with a list."""
    zh = language == "zh"
    c = Composer(f"mail-{language}", language)
    fact = (
        "请把合同编号HT-20881的扫描件在周五下班前发给法务部刘芳。"
        if zh
        else "Please send a scan of contract HT-20881 to Grace Okafor before Friday evening."
    )
    pieces: list[Piece] = [
        Para("各位同事：" if zh else "Dear colleagues,"), *c.paras("business", 2), Para(fact),
        *(Item(c.sentence("business")) for _ in range(3)), *c.paras("business", 1),
        Para("此致 敬礼" if zh else "Kind regards"),
    ]  # fmt: skip
    return Content(
        f"mail-{language}", language,
        "关于补交合同扫描件的通知" if zh else "Scans of contracts that are still missing",
        tuple(pieces), (("扫描件发给谁？" if zh else "Who gets the scan?", fact),),
        author="吴雨桐" if zh else "Priya Raman", date="2025-10-22",
    )  # fmt: skip


def workbook(language: str) -> Content:
    """Sheets: the headings are the names of the sheets."""
    zh = language == "zh"
    c = Composer(f"workbook-{language}", language)
    pieces: list[Piece] = [
        Heading(1, "价目" if zh else "Prices"), prices(c, zh, 30), Break(),
        Heading(1, "任务" if zh else "Tasks"), _tasks(c, zh), Break(),
        Heading(1, "服务" if zh else "Services"), _services(c, zh),
    ]  # fmt: skip
    return Content(
        f"workbook-{language}", language, "门店台账" if zh else "Shop ledger", tuple(pieces), ()
    )


def notebook(language: str) -> Content:
    """Prose and code in turn."""
    zh = language == "zh"
    c = Composer(f"notebook-{language}", language)
    fact = (
        "清洗之后剩下4217条记录，覆盖2024年全年。"
        if zh
        else "After cleaning, 4,217 records are left, which cover all of 2024."
    )
    pieces: list[Piece] = [
        *c.paras("research", 1), Heading(1, "读取数据" if zh else "Reading the data"),
        *c.paras("research", 1), Code(_READ, "python"), Para(fact),
        Heading(2, "异常值" if zh else "Outliers"), *c.paras("research", 2),
        Code(_CLEAN, "python"), Heading(1, "结果" if zh else "Results"), *c.paras("research", 2),
    ]  # fmt: skip
    return Content(
        f"notebook-{language}",
        language,
        "换热站数据整理" if zh else "Preparing the substation data",
        tuple(pieces),
        (("还剩多少条记录？" if zh else "How many records are left?", fact),),
    )


_READ = """import csv

with open("stations.csv", encoding="utf-8") as handle:
    rows = list(csv.DictReader(handle))
print(len(rows))"""
_CLEAN = """def is_outlier(value, mean, spread):
    return abs(value - mean) > 3 * spread

kept = [row for row in rows if not is_outlier(float(row["load"]), 41.7, 6.2)]"""
