"""Queries that were written when the rules stood."""

from __future__ import annotations

from understanding_room import (
    AGREEMENT,
    HANDBOOK,
    HANDBOOK_ZH,
    LEASE,
    NETWORK,
    WARRANTY_TW,
    Case,
)

UNSEEN = [
    Case(
        "请问员工手册第三章关于试用期是怎么写的？",
        found={"sections": {"sections": ["chapter:3"]}},
        first="试用期为三个月",
    ),
    Case(
        "根据第五条，病假工资怎么发",
        found={"sections": {"sections": ["article:5"]}},
        first="百分之八十",
    ),
    Case("What's in Appendix A?", found={"sections": {"sections": ["appendix:A"]}}),
    Case(
        "as stated in Section 2.2, who gets parental leave?",
        found={"sections": {"sections": ["decimal:2.2 or section:2.2"]}},
        first="sixteen weeks",
    ),
    Case("Section 12 of the agreement governing law", note=None, first="State of Delaware"),
    Case(
        "说明书2.1节的防护等级",
        found={"sections": {"sections": ["decimal:2.1 or section:2.1"]}},
        first="IP55",
    ),
    Case("附录b 电话", found={"sections": {"sections": ["appendix:B"]}}, first="8001"),
    Case(
        "chapter III overtime approval",
        found={"sections": {"sections": ["chapter:3"]}},
        first="overtime",
    ),
    Case("第三季度的营业收入", quiet=True),
    Case("which chapter talks about leave?", quiet=True),
    Case("他是第一个提前解除合同的人吗", quiet=True),
    Case("找一下“千分之三”这句话", found={"quotes": {"required": ["千分之三"]}}, within=[LEASE]),
    Case(
        'who said "business day"',
        found={"quotes": {"required": ["business day"]}},
        within=[HANDBOOK],
    ),
    Case('firmware "3.11.2"', found={"quotes": {"required": ["3.11.2"]}}, within=[NETWORK]),
    Case("“量子纠缠”出现在哪份文件", note="量子纠缠"),
    Case("excel文件里的现金流量净额", first="现金流量净额"),
    Case(
        "word文档里关于仲裁 arbitration 的条款", within=[HANDBOOK_ZH, AGREEMENT, WARRANTY_TW, LEASE]
    ),
    Case("contracts signed in 2024 termination notice", within=[AGREEMENT], first="ninety days"),
    Case("2021年以前的资料里的电池保固", within=[WARRANTY_TW]),
    Case(
        "房屋租赁合同里押金什么时候退",
        found={"filters": {"filter": {"document_id": LEASE}}},
        first="无息退还",
    ),
    Case(
        "per the Network Setup Guide, which encryption should I choose?",
        found={"filters": {"filter": {"document_id": NETWORK}}},
        first="WPA3",
    ),
    Case("word count of a contract", quiet=True),
    Case("Is there a 2024 report on sales?", quiet=True),
    Case(
        "terminaton for convenience notice period",
        found={"spelling": {"corrections": {"terminaton": "termination"}}},
        first="ninety days",
    ),
    Case(
        "confidental informaton definition",
        found={
            "spelling": {
                "corrections": {"confidental": "confidential", "informaton": "information"}
            }
        },
        first="Confidential",
    ),
    Case(
        "shiyongqi 工资",
        found={"spelling": {"corrections": {"shiyongqi": "试用期"}}},
        first="试用期",
    ),
    Case("员工旷工怎么出理", first="旷工"),
    Case(
        "那第十三条呢",
        history=["房屋租赁合同第十二条规定了什么"],
        found={"sections": {"sections": ["article:13"]}},
        first="营业执照",
    ),
    Case("它多重？", history=["AV-200 的扬程是多少"], first="净重 96 kg"),
    Case(
        "What about remote work?",
        history=["How many hours are in a working week?"],
        first="work remotely",
    ),
    Case(
        "Does it cover improper installation?",
        history=["How long is the supplier's warranty?"],
        first="improper installation",
    ),
    Case(
        "Is it possible to carry over unused annual leave?",
        history=["What is the rent?"],
        quiet=False,
        first="carried",
        found={},
    ),
    Case("带薪假怎么申请", found={"synonyms": {"expanded": {"带薪假": ["年假", "annual leave"]}}}),
    Case("电机绝缘等级和防护等级有什么区别", understood={"question_type": "comparison"}),
]
