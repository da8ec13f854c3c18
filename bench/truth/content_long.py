"""Long documents: a report, a regulation or contract, a manual, a paper."""

from __future__ import annotations

from bench.truth.compose import Composer
from bench.truth.model import Code, Content, Figure, Grid, Heading, Item, Para, Piece


def quarter_table(compose: Composer, chinese: bool) -> Grid:
    """Two header rows, merged across, and merged cells down the first column."""
    if chinese:
        head = (("地区", "产品线", "2024年", "2024年", "2025年", "2025年"),
                ("地区", "产品线", "收入", "毛利率", "收入", "毛利率"))  # fmt: skip
        areas, lines = ("华东", "西南", "海外"), ("泵类", "阀门", "仪表")
        caption = "表1 各地区收入与毛利率（万元）"
    else:
        head = (("Region", "Product line", "2024", "2024", "2025", "2025"),
                ("Region", "Product line", "Revenue", "Margin", "Revenue", "Margin"))  # fmt: skip
        areas, lines = ("Nordic", "Iberia", "Overseas"), ("Pumps", "Valves", "Meters")
        caption = "Table 1: Revenue and margin by region (thousand euros)"
    body = [
        (area, line, compose.amount(), f"{compose.decimal()}%", compose.amount(),
         f"{compose.decimal()}%")
        for area in areas
        for line in lines
    ]  # fmt: skip
    merges = [(0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 2), (0, 4, 1, 2)]
    merges += [(2 + 3 * index, 0, 3, 1) for index in range(3)]
    return Grid((*head, *body), 2, caption, tuple(merges))


def small_table(compose: Composer, chinese: bool, *, borderless: bool = False) -> Grid:
    """One header row."""
    if chinese:
        head = ("指标", "目标值", "实际值", "负责部门")
        names = ("设备综合效率", "一次合格率", "准时交付率", "人均产值", "安全事故起数")
        owners = ("生产计划科", "质量管理部", "仓储科", "财务部", "安全环保处")
        caption = "表2 关键指标完成情况"
    else:
        head = ("Indicator", "Target", "Actual", "Owner")
        names = ("Overall efficiency", "First pass yield", "On-time delivery",
                 "Output per head", "Accidents")  # fmt: skip
        owners = ("Planning desk", "Quality assurance", "Warehouse", "Finance", "Safety")
        caption = "Table 2: Key indicators"
    body = [
        (name, compose.decimal().lstrip("-"), compose.decimal().lstrip("-"), owner)
        for name, owner in zip(names, owners, strict=True)
    ]
    return Grid((head, *body), 1, caption, borderless=borderless)


def report(language: str) -> Content:
    """Numbered headings of four levels, tables, notes, contents, header, footer, watermark."""
    zh = language == "zh"
    c = Composer(f"report-{language}", language)
    names = _REPORT_ZH if zh else _REPORT_EN
    fact = (
        "董事会于2025年9月18日批准了滨江二期项目，总投资为3860.5万元。"
        if zh
        else "The board approved phase two of the Rotterdam project on 18 September 2025 at a "
        "total cost of 3,860.5 thousand euros."
    )
    note = (
        "毛利率按不含运费的成本计算，与2023年的口径不同。"
        if zh
        else "Margins exclude freight, unlike those of 2023."
    )
    step = names["steps"]
    pieces: list[Piece] = [
        Heading(1, names["1"]), *c.paras("business", 2),
        Heading(2, names["1.1"]), *c.paras("business", 2), Para(fact),
        Heading(2, names["1.2"]), *c.paras("business", 1), *(Item(text) for text in step[:3]),
        Heading(1, names["2"]), Para(c.text("business", 3), note), quarter_table(c, zh),
        *c.paras("business", 1, 4, 6),
        Heading(2, names["2.1"]), *c.paras("business", 2, 4, 6),
        Heading(3, names["2.1.1"]), *c.paras("business", 2, 4, 6),
        Heading(4, names["2.1.1.1"]), *c.paras("business", 2), small_table(c, zh),
        Heading(3, names["2.1.2"]), *c.paras("business", 2, 5, 7),
        Heading(2, names["2.2"]), *c.paras("business", 2, 5, 7), Figure(names["figure"]),
        Heading(1, names["3"]), *c.paras("business", 1, 5, 7),
        Item(step[3], 1, "1."), Item(step[4], 2, "(a)"), Item(step[5], 2, "(b)"),
        Item(step[6], 1, "2."), *c.paras("business", 2, 5, 7),
        Heading(2, names["3.1"]), *c.paras("business", 2, 4, 6),
        Heading(1, names["4"]), *c.paras("business", 2),
    ]  # fmt: skip
    facts = (
        ("滨江二期项目的总投资是多少？" if zh else "What does phase two in Rotterdam cost?", fact),
        ("毛利率的口径有什么不同？" if zh else "What do margins leave out?", note),
        ("谁负责演练？" if zh else "Who runs the drill?", step[6]),
    )
    return Content(
        f"report-{language}", language,
        "华衡集团2025年度运营报告" if zh else "Operations Report 2025 of the Harwell Group",
        tuple(pieces), facts,
        header="内部资料 · 请勿外传" if zh else "Internal document, not for circulation",
        footer="第 {page} 页 共 {pages} 页" if zh else "Page {page} of {pages}",
        watermark="草稿" if zh else "DRAFT",
        contents="目录" if zh else "Contents",
        author="陈思远" if zh else "Maria Ostrowski", date="2025-11-20",
    )  # fmt: skip


_REPORT_ZH = {
    "1": "1 概述", "1.1": "1.1 年度重点", "1.2": "1.2 编制依据", "2": "2 经营情况",
    "2.1": "2.1 制造板块", "2.1.1": "2.1.1 产能与质量", "2.1.1.1": "2.1.1.1 关键指标",
    "2.1.2": "2.1.2 成本控制", "2.2": "2.2 服务板块", "3": "3 风险与对策",
    "3.1": "3.1 供应链风险", "4": "4 下一年度计划", "figure": "图1 近三年订单数量变化",
    "steps": (
        "集团财务制度（2024年修订版）", "各子公司上报的月度经营快报", "第三方机构出具的满意度调查",
        "成立应急小组，明确每个岗位的替补人员", "替补人员每季度轮岗一次",
        "轮岗记录由人力资源部保存两年", "每半年组织一次断供演练，由郑海涛负责",
    ),
}  # fmt: skip
_REPORT_EN = {
    "1": "1 Overview", "1.1": "1.1 Highlights of the year", "1.2": "1.2 Sources",
    "2": "2 Business review", "2.1": "2.1 Manufacturing", "2.1.1": "2.1.1 Capacity and quality",
    "2.1.1.1": "2.1.1.1 Key indicators", "2.1.2": "2.1.2 Cost control", "2.2": "2.2 Services",
    "3": "3 Risks and measures", "3.1": "3.1 Supply chain", "4": "4 Plans for the coming year",
    "figure": "Figure 1: Orders over the last three years",
    "steps": (
        "The accounting manual of the group in its 2024 edition",
        "Monthly figures as reported by the subsidiaries",
        "A survey of customers made by an outside institute",
        "Form an emergency group and name a deputy for every post",
        "Deputies change places once a quarter",
        "A record of each change is kept for two years",
        "Rehearse the loss of a supplier twice a year, led by Victor Lindqvist",
    ),
}  # fmt: skip


def regulation(language: str) -> Content:
    """Chapters and articles in Chinese; a contract of articles and clauses in English."""
    zh = language == "zh"
    c = Composer(f"regulation-{language}", language)
    pieces: list[Piece] = []
    number = 0
    chapters = _CHAPTERS_ZH if zh else _CHAPTERS_EN
    fact = (
        "储罐容积超过500立方米的单位，应当配备不少于3名持证安全员。"
        if zh
        else "An operator of a tank above 500 cubic metres shall employ no fewer than three "
        "certified safety officers."
    )
    pieces += c.paras("legal", 1, 2, 2)
    for chapter, (name, articles) in enumerate(chapters, start=1):
        pieces.append(
            Heading(1, f"第{_HAN[chapter]}章 {name}" if zh else f"Article {chapter} {name}")
        )
        for index in range(articles):
            number += 1
            if zh:
                pieces.append(Heading(2, f"第{han_number(number)}条"))
            else:
                pieces.append(Heading(2, f"Section {chapter}.{index + 1}"))
            pieces += c.paras("legal", 1, 2, 4)
            if number % 4 == 2:
                marks = ("（一）", "（二）", "（三）") if zh else ("(a)", "(b)", "(c)")
                pieces += [Item(c.sentence("legal"), 1, mark) for mark in marks]
            if number == 7:
                pieces.append(Para(fact))
            if number == 9:
                pieces += c.paras("legal", 1, 9, 10)
    pieces.append(Heading(1, "附件一 收费标准" if zh else "Appendix A Schedule of fees"))
    pieces.append(_fees(c, zh))
    question = "多大的储罐需要安全员？" if zh else "Which tanks need safety officers?"
    return Content(
        f"regulation-{language}", language,
        "危险化学品仓储管理办法" if zh else "Agreement on the Storage of Hazardous Goods",
        tuple(pieces), ((question, fact),),
        header="滨海市应急管理局文件" if zh else "Storage Agreement No. HG-2291",
        footer="— {page} —" if zh else "HG-2291 / sheet {page}",
        author="法规处" if zh else "Legal Department", date="2024-06-03",
    )  # fmt: skip


_HAN = "零一二三四五六七八九十"


def han_number(value: int) -> str:
    """1 to 99 in Han numerals."""
    tens, ones = divmod(value, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else _HAN[tens] + "十")
    return head + (_HAN[ones] if ones else "")


_CHAPTERS_ZH = (
    ("总则", 3),
    ("仓储条件", 4),
    ("作业管理", 4),
    ("监督检查", 3),
    ("法律责任", 3),
    ("附则", 2),
)
_CHAPTERS_EN = (
    ("Definitions", 3), ("Conditions of storage", 4), ("Handling of goods", 3),
    ("Inspection", 3), ("Liability", 3), ("Final provisions", 2),
)  # fmt: skip


def _fees(c: Composer, zh: bool) -> Grid:
    head = (
        ("类别", "单位", "日费率（元）", "押金（元）")
        if zh
        else ("Class", "Unit", "Daily rate", "Deposit")
    )
    kinds = (
        ("易燃液体", "腐蚀品", "氧化剂", "压缩气体")
        if zh
        else ("Flammable liquids", "Corrosives", "Oxidisers", "Compressed gas")
    )
    unit = "吨" if zh else "tonne"
    rows = tuple((kind, unit, c.decimal().lstrip("-"), c.amount(500, 9_000)) for kind in kinds)
    return Grid((head, *rows))


def manual(language: str) -> Content:
    """Unnumbered headings, nested steps, warnings, code."""
    zh = language == "zh"
    c = Composer(f"manual-{language}", language)
    names = _MANUAL_ZH if zh else _MANUAL_EN
    steps = names["steps"]
    fact = steps[5]
    pieces: list[Piece] = [
        *c.paras("technical", 1),
        Heading(1, names["safety"]), *c.paras("technical", 2),
        *(Item(text) for text in names["warnings"]),
        Heading(1, names["install"]), *c.paras("technical", 1, 3, 5),
        Heading(2, names["tools"]), *c.paras("technical", 1), _tools(c, zh),
        Heading(2, names["mount"]),
        Item(steps[0], 1, "1."), Item(steps[1], 1, "2."), Item(steps[2], 2, "a)"),
        Item(steps[3], 2, "b)"), Item(steps[4], 1, "3."), *c.paras("technical", 2, 3, 5),
        Heading(1, names["network"]), *c.paras("technical", 1, 3, 5),
        Code(_CODE, "ini"), Para(fact), *c.paras("technical", 2, 3, 5),
        Heading(2, names["check"]), *c.paras("technical", 1), Code(_SCRIPT, "python"),
        *c.paras("technical", 2, 3, 5),
        Heading(1, names["care"]), *c.paras("technical", 3, 3, 5),
        Heading(2, names["faults"]), _faults(zh), *c.paras("technical", 2),
    ]  # fmt: skip
    return Content(
        f"manual-{language}", language,
        "KX-40 温控网关用户手册" if zh else "KX-40 Climate Gateway User Guide",
        tuple(pieces),
        (("网关的默认端口是什么？" if zh else "Which port does the gateway use?", fact),),
        header="KX-40 用户手册 V2.3" if zh else "KX-40 Guide, edition 2.3",
        footer="技术支持热线 400-820-5519 · {page}" if zh else "Support line 0800 555 019 | {page}",
        author="技术文档组" if zh else "Documentation", date="2025-03-14",
        boilerplate=_MENU_ZH if zh else _MENU_EN,
    )  # fmt: skip


_CODE = """[gateway]
address = 192.168.10.24
port = 8471
retry_seconds = 15

[alarm]
high = 38.5
low = 4.0"""
_SCRIPT = """def within(value, low, high):
    if low <= value <= high:
        return True
    raise ValueError(f"{value} is out of range")"""
_MANUAL_ZH = {
    "safety": "安全须知", "install": "安装", "tools": "准备工具", "mount": "固定支架",
    "network": "网络设置", "check": "检查连接", "care": "维护保养", "faults": "常见故障",
    "warnings": (
        "请勿在潮湿环境中打开机壳。", "儿童和未经培训的人员不得操作本设备。",
        "发现冒烟或者异味时，立即拔下电源插头并通风。",
    ),
    "steps": (
        "用附带的模板在墙面标出四个孔位", "钻孔并装入膨胀管：", "混凝土墙用六毫米钻头",
        "砖墙用五毫米钻头，并降低转速", "挂上支架，用水平尺校准后拧紧螺钉",
        "网关默认使用端口8471，首次登录的用户名为service。",
    ),
}  # fmt: skip
_MANUAL_EN = {
    "safety": "Safety notes", "install": "Installation", "tools": "Tools you need",
    "mount": "Fixing the bracket", "network": "Network settings", "check": "Checking the link",
    "care": "Care and maintenance", "faults": "Common faults",
    "warnings": (
        "Never open the housing in a damp room.",
        "Keep the unit away from children and untrained persons.",
        "In case of smoke or smell, pull the plug at once and open a window.",
    ),
    "steps": (
        "Mark the four holes with the template that came with the unit",
        "Drill the holes and insert the plugs:", "a six millimetre bit for concrete",
        "a five millimetre bit for brick, at a lower speed",
        "Hang the bracket, level it and tighten the screws",
        "The gateway listens on port 8471, and the first user name is service.",
    ),
}  # fmt: skip
_MENU_ZH = (
    "首页", "产品中心", "下载专区", "联系我们", "本网站使用浏览器缓存改善体验，点击同意继续",
    "相关阅读：如何选择合适的网关", "版权所有 © 2025 恒川科技有限公司 保留所有权利",
    "分享到微博", "订阅我们的电子月刊",
)  # fmt: skip
_MENU_EN = (
    "Home page", "All products", "Downloads area", "Contact sales",
    "We use cookies to improve this site. Accept all cookies",
    "Related reading: choosing the right gateway",
    "Copyright 2025 Ridgeway Controls Ltd. All rights reserved", "Share on social media",
    "Subscribe to our monthly newsletter",
)  # fmt: skip


def _tools(c: Composer, zh: bool) -> Grid:
    head = ("工具", "规格", "数量") if zh else ("Tool", "Size", "Quantity")
    names = (
        ("冲击钻", "水平尺", "内六角扳手", "剥线钳")
        if zh
        else ("Hammer drill", "Spirit level", "Hex key", "Wire stripper")
    )
    sizes = ("6 mm", "40 cm", "4 mm", "0.5-2.5 mm²")
    rows = tuple(
        (name, size, str(c.random.randint(1, 6))) for name, size in zip(names, sizes, strict=True)
    )
    return Grid((head, *rows), borderless=True)


def _faults(zh: bool) -> Grid:
    if zh:
        rows = (
            ("代码", "含义", "处理方法"),
            ("E01", "传感器断线", "检查接线端子，必要时更换电缆"),
            ("E07", "温度超过上限", "降低负荷，并确认风扇是否转动"),
            ("E12", "网络无响应", "重启交换机，然后重新登录"),
            ("E19", "存储空间不足", "导出旧记录后清空存储卡"),
        )
    else:
        rows = (
            ("Code", "Meaning", "Remedy"),
            ("E01", "Sensor disconnected", "Check the terminals and replace the cable if needed"),
            ("E07", "Temperature above limit", "Reduce the load and see whether the fan turns"),
            ("E12", "No answer from the network", "Restart the switch and log in again"),
            ("E19", "Memory full", "Export old records and clear the card"),
        )
    return Grid(rows, 1, "表3 故障代码" if zh else "Table 3: Fault codes")


def paper(language: str) -> Content:
    """An article in two columns with abstract, figures, formula-free text and references."""
    zh = language == "zh"
    c = Composer(f"paper-{language}", language)
    names = _PAPER_ZH if zh else _PAPER_EN
    fact = names["fact"]
    pieces: list[Piece] = [
        Heading(1, names["abstract"]), *c.paras("research", 1, 4, 5),
        Heading(1, names["1"]), *c.paras("research", 3, 3, 5),
        Heading(1, names["2"]), Heading(2, names["2.1"]), *c.paras("research", 2, 4, 6),
        Para(fact), Heading(2, names["2.2"]), *c.paras("research", 2, 4, 6),
        _errors(c, zh), *c.paras("research", 1, 4, 6),
        Heading(1, names["3"]), *c.paras("research", 2, 5, 7), Figure(names["figure"]),
        *c.paras("research", 3, 4, 6), Heading(1, names["4"]), *c.paras("research", 2, 3, 5),
        Heading(1, names["refs"]), *(Item(text, 1, f"[{n}]") for n, text in names["list"]),
    ]  # fmt: skip
    return Content(
        f"paper-{language}", language, names["title"], tuple(pieces), ((names["question"], fact),),
        header="计量与控制 第38卷 第4期" if zh else "Journal of Metering and Control, vol. 38",
        footer="{page}", columns=2, author="何佩瑶" if zh else "Ingrid Solberg",
        date="2025-08-01",
    )  # fmt: skip


_PAPER_ZH = {
    "title": "基于管壁热惯性的供热管网负荷预测", "abstract": "摘要", "1": "1 引言",
    "2": "2 方法", "2.1": "2.1 数据采集", "2.2": "2.2 预测模型", "3": "3 实验结果",
    "4": "4 结论", "refs": "参考文献", "figure": "图1 预测值与实测值的比较",
    "fact": "采集终端共147台，分布在23个换热站，采样间隔为30秒。",
    "question": "采样间隔是多少？",
    "list": (
        (1, "孙立新，王若楠. 供热系统的动态仿真. 暖通空调，2019，49(3): 21-27."),
        (2, "林晓梅. 时间序列模型在负荷预测中的应用. 自动化学报，2021，47(8): 1802-1811."),
        (3, "赵一鸣，刘芳. 管道保温材料的老化试验. 材料导报，2020，34(12): 96-103."),
    ),
}  # fmt: skip
_PAPER_EN = {
    "title": "Thermal Inertia and Load Prediction in District Heating", "abstract": "Abstract",
    "1": "1 Introduction", "2": "2 Method", "2.1": "2.1 Data", "2.2": "2.2 Model",
    "3": "3 Results", "4": "4 Conclusion", "refs": "References",
    "figure": "Figure 1: Predicted and measured load",
    "fact": "A total of 147 terminals in 23 substations took a sample every 30 seconds.",
    "question": "How often were samples taken?",
    "list": (
        (1, "S. Whitford and G. Okafor. Dynamic simulation of heat networks. Energy Letters, "
            "12(3):21-27, 2019."),
        (2, "D. Achebe. Time series models for load prediction. Control Review, 47(8):180-191, "
            "2021."),
        (3, "T. Hallgren. Ageing tests of pipe insulation. Materials Today, 34(12):96-103, 2020."),
    ),
}  # fmt: skip


def _errors(c: Composer, zh: bool) -> Grid:
    head = ("模型", "误差", "用时") if zh else ("Model", "Error", "Time")
    names = (
        ("持续法", "线性回归", "随机森林", "本文方法")
        if zh
        else ("Persistence", "Linear", "Forest", "Ours")
    )
    rows = tuple((name, c.decimal().lstrip("-"), f"{c.random.randint(2, 90)} s") for name in names)
    return Grid((head, *rows), 1, "表1 各模型的误差" if zh else "Table 1: Errors of the models")
