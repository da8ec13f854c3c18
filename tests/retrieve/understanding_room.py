"""A small collection of documents as companies have them, and what a query over it is to be
understood as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index_room import ANALYZER, PIPELINE, WordSumEmbedder, default_embedder, make_parts

from index.caches import Parts
from index.collection import Collection
from index.synonyms import parse_synonyms
from ingest.contract import Chunk, Document, Json, Source
from ingest.pipeline import build_chunker, read
from retrieve.contract import Query, SearchResult, Turn
from retrieve.pipeline import Retriever

HANDBOOK_ZH, PUMP, HANDBOOK, AGREEMENT = (
    "制度/员工手册.docx",
    "产品/AV-200水泵说明书.pdf",
    "policies/handbook.pdf",
    "contracts/service-agreement.docx",
)
REPORT, NETWORK, WARRANTY_TW, LEASE = (
    "财务/2023年度财务报告.xlsx",
    "it/network-setup.html",
    "tw/保固條款.docx",
    "合同/房屋租赁合同.docx",
)

_TEXTS: Mapping[str, tuple[str, str, dict[str, Json]]] = {
    HANDBOOK_ZH: (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        """# 员工手册

## 第一章 总则

### 第一条 目的

为规范公司与员工的劳动关系，明确双方的权利和义务，依据劳动法制定本手册。

### 第二条 适用范围

本手册适用于与公司签订劳动合同的全体员工，实习生参照执行。

## 第二章 考勤与休假

### 第三条 工作时间

公司实行每日八小时工作制，上午九点上班，下午六点下班，午休一小时。迟到三次记旷工半天。

### 第四条 年假

员工连续工作满一年后享有带薪年假五天，满十年为十天。年假须提前两周向直属主管申请。

### 第五条 病假

员工请病假须提供医院证明，病假期间工资按基本工资的百分之八十发放。

## 第三章 薪酬福利

### 第六条 工资发放

工资于每月十五日发放，遇节假日提前。加班费按国家规定计算，账单由财务部门核对。

### 第七条 试用期

新员工试用期为三个月，试用期工资不低于转正工资的百分之八十。

## 附录A 报销流程

员工出差回来后五个工作日内在系统提交报销申请，附上发票原件，由主管审批后财务付款。

## 附录B 联系方式

人力资源部电话 8001，邮箱 hr@example.cn。
""",
        {"year": 2023, "language": "zh"},
    ),
    PUMP: (
        "application/pdf",
        """# AV-200 水泵说明书

## 1 概述

AV-200 水泵用于输送清水和腐蚀性较低的液体，适合工业循环冷却系统。

## 2 技术参数

### 2.1 电气参数

额定电压 380 V，额定功率 7.5 kW，防护等级 IP55，电机绝缘等级 F。

### 2.2 机械参数

额定流量 50 m3/h，扬程 32 m，最高工作压力 1.6 MPa，净重 96 kg。

## 3 安装

### 3.1 基础

水泵须安装在水平的混凝土基础上，地脚螺栓的拧紧扭矩为 45 N·m。

### 3.2 管路连接

进水管路应尽量短，并装设过滤器，避免空气进入泵体。

#### 3.2.1 密封

法兰之间使用 GB/T 9126 密封垫片，机械密封每八千小时更换一次。

## 4 维护

每月检查一次轴承温度，不得超过七十五度。更换零件 PPR-9087 时须先断电。

## 6 质保

### 6.1 期限

质保期自发货之日起二十四个月，易损件除外。

### 6.2 例外

因安装不当、电源异常造成的损坏不在质保范围之内。
""",
        {"year": 2022, "language": "zh"},
    ),
    HANDBOOK: (
        "application/pdf",
        """# Employee Handbook

## Chapter 1 Employment

### Section 1.1 Equal opportunity

The company provides equal opportunity to all applicants and employees without discrimination.

## Chapter 2 Leave

### Section 2.1 Annual leave

Employees accrue twenty days of annual leave in every calendar year. Unused days may be carried
over until the end of March.

### Section 2.2 Parental leave

Both parents receive sixteen weeks of paid parental leave after the birth or adoption of a child.

## Chapter 3 Working arrangements

### Section 3.1 Working hours

The regular working week has forty hours, and overtime needs the approval of a manager.

### Section 3.2 Remote work

Employees may work remotely up to three days a week when their manager agrees in writing.
Equipment for the home office is reimbursed up to a fixed amount.

## Appendix A Glossary

A business day is a day on which banks are open at the place of the headquarters.

## Appendix B Expense reimbursement

Receipts have to be submitted within thirty days after the business trip, together with the
approved travel request. Hotel accommodation is reimbursed up to 180 euros a night.
""",
        {"year": 2021, "language": "en"},
    ),
    AGREEMENT: (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        """# Master Service Agreement

## Article 1 Definitions

Confidential information means any information that one party discloses to the other.

## Article 5 Termination

Either party may terminate this agreement for convenience with ninety days of written notice.
The agreement ends at once in case of a material breach that is not cured within thirty days.

## Article 8 Warranty

The supplier gives a limited warranty of twelve months on all deliverables. The warranty does not
cover damage by improper installation.

## Article 12 Governing law

This agreement is governed by the laws of the State of Delaware, and disputes go to arbitration.
""",
        {"year": 2024, "date": "2024-03-15", "language": "en"},
    ),
    REPORT: (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        """# 2023年度财务报告

## 一、经营情况

2023年公司实现营业收入12.6亿元，同比增长百分之八，净利润为1.4亿元。

## 二、现金流

经营活动产生的现金流量净额为2.1亿元，研发投入占营业收入的百分之六。
""",
        {"year": 2023, "language": "zh"},
    ),
    NETWORK: (
        "text/html",
        """# Network Setup Guide

## 1 Router

Connect the router RT-3200 to the fibre modem, and reset its password before the first use.
The firmware version 3.11.2 or later is required for automatic configuration.

## 2 Wireless

Choose WPA3 encryption for the wireless network. The default channel bandwidth is 80 MHz.

## 3 Troubleshooting

When the connection drops, check the cable, restart the router, and see the error log for the
code E-4012. The maintenance window is every Sunday night.
""",
        {"year": 2022, "language": "en"},
    ),
    WARRANTY_TW: (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        """# 保固條款

## 第一條 保固期限

筆記型電腦自購買日起提供兩年保固服務，電池的保固期限為一年。

## 第二條 維修方式

顧客須將產品送至授權維修中心，並出示購買憑證與身分證明。
""",
        {"year": 2020, "language": "zh"},
    ),
    LEASE: (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        """# 房屋租赁合同

## 第二章 租金与押金

### 第三条 租金

租金每月六千元，承租人应于每月五日之前支付，逾期按日支付千分之三的违约金。

### 第四条 押金

承租人签约时支付两个月租金作为押金，合同终止后三十日内无息退还。

## 第三章 维修与解除

### 第十二条 提前解除

任何一方提前解除合同须提前三十日书面通知对方，并支付一个月租金作为违约金。

### 第十三条 营业执照

承租人用于经营的，应当提供营业执照的复印件。
""",
        {"year": 2022, "language": "zh"},
    ),
}

SYNONYMS = ["年假, 带薪假, annual leave", "WFH => remote work, 远程办公", "老板 => 主管"]


def documents() -> list[tuple[Document, list[Chunk]]]:
    """Each with its chunks, as reading and chunking make them."""
    embedder = WordSumEmbedder()
    chunker = build_chunker("structure", max_tokens=200, min_tokens=0)
    found = []
    for document_id, (media_type, text, metadata) in _TEXTS.items():
        source = Source(
            document_id, text.encode(), document_id.rpartition(".")[0] + ".md", metadata
        )
        document = replace(read(source), id=document_id, media_type=media_type)
        found.append((document, chunker.chunk(document, embedder)))
    return found


def filled(path: Path) -> Collection:
    """The collection, with its synonyms and the default model."""
    embedder = default_embedder()
    small = make_parts()
    parts = Parts(ANALYZER, embedder, small.sparse, small.dense)
    collection = Collection.create(path, parts)
    with collection.writer() as writer:
        writer.put(documents(), PIPELINE)
    collection.ledger.synonyms.replace(parse_synonyms(SYNONYMS, "here"))
    return collection


@dataclass(frozen=True)
class Case:
    """A query, and what has to come of it. `found` is what steps report, as far as it is said;
    `first` is in the best hit; all hits are `within` documents; `quiet` is a query of which no
    step makes anything."""

    text: str
    history: Sequence[str] = ()
    understood: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    searched: str | None = None
    first: str | None = None
    within: Sequence[str] = ()
    quiet: bool = False
    note: str | None = None


STEPS = ("quotes", "sections", "filters", "spelling", "synonyms", "follow_up")


def asked(collection: Collection, case: Case) -> SearchResult:
    """The search that the case asks for."""
    history = [Turn(question) for question in case.history]
    query = Query(case.text, k=5, history=history)
    return Retriever(depth=30).search(collection.snapshot(), query)


def faults(result: SearchResult, case: Case) -> list[str]:
    """What is not as it has to be."""
    steps: Mapping[str, Any] = result.explanation.steps
    understood: Mapping[str, Any] = result.explanation.understood
    wrong = []
    for name, value in case.understood.items():
        got = understood.get(name)
        if got != value and not (isinstance(value, list) and set(value) <= set(got or ())):
            wrong.append(f"{name} is {got!r}, not {value!r}")
    for step, report in case.found.items():
        made = steps.get(step) or {}
        wrong += [
            f"{step}.{name} is {made.get(name)!r}, not {value!r}"
            for name, value in report.items()
            if made.get(name) != value
        ]
    if case.quiet:
        wrong += [f"{name} said {steps[name]!r}" for name in STEPS if name in steps]
        if understood.get("searched") != case.text:
            wrong.append(f"{understood.get('searched')!r} was searched")
    if case.searched is not None and understood.get("searched") != case.searched:
        wrong.append(f"{understood.get('searched')!r} was searched, not {case.searched!r}")
    best = result.hits[0].chunk if result.hits else None
    if case.first is not None and (best is None or case.first not in " ".join(best.text.split())):
        wrong.append(f"the best is {best and best.text[:40]!r}, not {case.first!r}")
    documents_found = {hit.chunk.document_id for hit in result.hits}
    if case.within and (not documents_found or not documents_found <= set(case.within)):
        wrong.append(f"found in {sorted(documents_found)}")
    notes = " | ".join(result.explanation.notes)
    if case.note is not None and case.note not in notes:
        wrong.append(f"the notes are {notes!r}")
    return wrong
