"""Queries as people type them, and what each has to be understood as."""

from __future__ import annotations

from understanding_room import (
    AGREEMENT,
    HANDBOOK,
    HANDBOOK_ZH,
    LEASE,
    NETWORK,
    PUMP,
    REPORT,
    WARRANTY_TW,
    Case,
)

SECTIONS = [
    Case("第二章里年假有几天？", found={"sections": {"sections": ["chapter:2"]}}, first="年假五天"),
    Case("员工手册第二章讲了什么", found={"sections": {"sections": ["chapter:2"]}}),
    Case(
        "第3.2节怎么接管路",
        found={"sections": {"sections": ["decimal:3.2 or section:3.2"]}},
        within=[PUMP, HANDBOOK],
    ),
    Case("附录A中报销要几天", found={"sections": {"sections": ["appendix:A"]}}, first="五个工作日"),
    Case(
        "what does section 3.2 say about the home office?",
        found={"sections": {"sections": ["decimal:3.2 or section:3.2"]}},
        first="home office",
        within=[HANDBOOK, PUMP],
    ),
    Case(
        "in chapter two, how many days can be carried over?",
        found={"sections": {"sections": ["chapter:2"]}},
        first="carried over",
    ),
    Case(
        "article 5 of the agreement: how long is the notice?",
        found={"sections": {"sections": ["article:5"]}},
        first="ninety days",
    ),
    Case(
        "第十二条规定提前多久通知",
        found={"sections": {"sections": ["article:12"]}},
        first="提前三十日书面通知",
    ),
    Case(
        "under Appendix B, when do receipts have to be submitted?",
        found={"sections": {"sections": ["appendix:B"]}},
        first="thirty days",
    ),
    Case(
        "第二章第三条的租金是多少",
        found={"sections": {"sections": ["chapter:2", "article:3"]}},
        first="租金每月六千元",
    ),
    Case("第二章裡租金多少", found={"sections": {"sections": ["chapter:2"]}}, first="六千元"),
    Case("第九章里说了什么", note="第九章"),
    Case("6.1节 质保多久", found={"sections": {"sections": ["decimal:6.1"]}}, first="二十四个月"),
    Case("他第一章没看，第二条也没听懂是什么意思", quiet=True),
]

QUOTES = [
    Case(
        '"material breach" consequences',
        found={"quotes": {"required": ["material breach"]}},
        first="material breach",
        within=[AGREEMENT],
    ),
    Case("哪里写了“无息退还”", found={"quotes": {"required": ["无息退还"]}}, within=[LEASE]),
    Case("「保固期限」是多久", found={"quotes": {"required": ["保固期限"]}}, within=[WARRANTY_TW]),
    Case(
        "『保固期限』多久，電池呢",
        found={"quotes": {"required": ["保固期限"]}},
        within=[WARRANTY_TW],
    ),
    Case(
        '"Annual  LEAVE" rules',
        found={"quotes": {"required": ["Annual  LEAVE"]}},
        within=[HANDBOOK],
    ),
    Case('what is the "liquidated damages" clause?', note="liquidated damages"),
    Case(
        "“授权维修中心”在哪里",
        found={"quotes": {"required": ["授权维修中心"]}},
        within=[WARRANTY_TW],
    ),
    Case('"annual leave" and "parental leave" compared', note="parental leave", within=[HANDBOOK]),
    Case(
        'Does the supplier cover "improper installation?"',
        found={"quotes": {"required": ["improper installation"]}},
        within=[AGREEMENT],
    ),
    Case('a 12" pipe or a 16" pipe', quiet=True),
    Case("《员工手册》什么时候修订", found={}, within=[]),
]

FILTERS = [
    Case(
        "《员工手册》里年假几天",
        found={"filters": {"filter": {"document_id": HANDBOOK_ZH}}},
        within=[HANDBOOK_ZH],
        first="年假五天",
    ),
    Case(
        "in handbook.pdf, how many weeks of parental leave?",
        found={"filters": {"filter": {"document_id": HANDBOOK}}},
        first="sixteen weeks",
    ),
    Case(
        "according to the Employee Handbook, what is a business day?",
        found={"filters": {"filter": {"document_id": HANDBOOK}}},
        within=[HANDBOOK],
    ),
    Case("表格文件里净利润是多少", within=[REPORT], first="净利润"),
    Case("in the PDFs, what is said about installation?", within=[HANDBOOK, PUMP]),
    Case("PDF文档中质保期多久", within=[HANDBOOK, PUMP], first="质保期"),
    Case(
        "documents from 2022 about wireless encryption", within=[NETWORK, PUMP, LEASE], first="WPA3"
    ),
    Case("2023年的文件中关于营业收入的内容", within=[HANDBOOK_ZH, REPORT], first="营业收入"),
    Case("2023年营收是多少", quiet=True),
    Case("revenue in 2023", quiet=True),
    Case(
        "in English documents, warranty period",
        within=[HANDBOOK, AGREEMENT, NETWORK],
        first="twelve months",
    ),
    Case(
        "中文资料里关于违约金的规定",
        within=[HANDBOOK_ZH, PUMP, REPORT, WARRANTY_TW, LEASE],
        first="违约金",
    ),
    Case("how do I convert a PDF to text?", quiet=True),
    Case("documents from 1999 about warranty", note="1999"),
    Case("《劳动法》里对加班费怎么规定", note=None, first="加班费"),
    Case(
        "员工手册里试用期多久",
        found={"filters": {"filter": {"document_id": HANDBOOK_ZH}}},
        first="试用期为三个月",
    ),
    Case(
        "AV-200水泵说明书.pdf里的额定电压",
        found={"filters": {"filter": {"document_id": PUMP}}},
        first="380 V",
    ),
]

SPELLING = [
    Case(
        "waranty period for deliverables",
        found={"spelling": {"corrections": {"waranty": "warranty"}}},
        first="twelve months",
    ),
    Case(
        "hotel acommodation limit",
        found={"spelling": {"corrections": {"acommodation": "accommodation"}}},
        first="180 euros",
    ),
    Case(
        "how to rset the ruoter pasword",
        found={
            "spelling": {
                "corrections": {"rset": "reset", "ruoter": "router", "pasword": "password"}
            }
        },
        first="reset its password",
    ),
    Case("帐单由谁核对", found={"spelling": {"corrections": {"帐单": "账单"}}}, first="账单由财务"),
    Case(
        "zhibaoqi 多久",
        found={"spelling": {"corrections": {"zhibaoqi": "质保期"}}},
        first="质保期自发货",
    ),
    Case("报消流程是什么", found={"spelling": {"corrections": {"报消": "报销"}}}, first="报销申请"),
    Case(
        "质宝期从哪天算",
        found={"spelling": {"corrections": {"质宝期": "质保期"}}},
        first="质保期自发货",
    ),
    Case(
        "需要提供营业直照吗",
        found={"spelling": {"corrections": {"营业直照": "营业执照"}}},
        first="营业执照的复印件",
    ),
    Case("RT-3201 reset", quiet=True),
    Case("warranty of PPR-9088", quiet=True),
    Case("kubernetes cluster autoscaling", quiet=True),
    Case("mayor of the town", quiet=True),
    Case("员工年假申请", quiet=False, first="年假五天"),
    Case(
        "nianjia 几天", found={"spelling": {"corrections": {"nianjia": "年假"}}}, first="年假五天"
    ),
    Case(
        "maintainance window",
        found={"spelling": {"corrections": {"maintainance": "maintenance"}}},
        first="Sunday night",
    ),
]

SYNONYMS = [
    Case("带薪假有多少天", found={"synonyms": {"expanded": {"带薪假": ["年假", "annual leave"]}}}),
    Case(
        "rules for WFH",
        found={"synonyms": {"expanded": {"WFH": ["remote work", "远程办公"]}}},
        first="work remotely",
    ),
    Case("请假要找老板吗", found={"synonyms": {"expanded": {"老板": ["主管"]}}}),
    Case("主管审批什么", quiet=True),
]

FOLLOW_UPS = [
    Case(
        "那病假呢？",
        history=["员工年假有几天？"],
        understood={"question_type": "fact"},
        first="病假须提供",
    ),
    Case("它的额定功率是多少", history=["AV-200 水泵的额定电压是多少？"], first="7.5 kW"),
    Case(
        "and the parental leave?",
        history=["How many days of annual leave do employees get?"],
        first="sixteen weeks",
    ),
    Case(
        "how long is its warranty?",
        history=["Tell me about the deliverables of the supplier"],
        first="twelve months",
    ),
    Case("多久？", history=["水泵的质保期从什么时候开始"], first="质保期自发货"),
    Case(
        "What is the default channel bandwidth of the wireless network?",
        history=["员工年假有几天？"],
        quiet=True,
    ),
    Case("公司实行什么样的工作时间制度？", history=["房屋租赁合同的押金是多少？"], quiet=True),
    Case("那押金呢", history=["租金每月多少钱", "什么时候支付"], first="押金"),
]

ANALYSIS = [
    Case("水泵的扬程是多少米", understood={"question_type": "quantity", "script": "han"}),
    Case("什麼時候可以申請年假", understood={"question_type": "time"}),
    Case("在哪里维修笔记本", understood={"question_type": "place"}),
    Case("who approves overtime?", understood={"question_type": "person", "language": "english"}),
    Case("what is confidential information?", understood={"question_type": "definition"}),
    Case("什么是违约金", understood={"question_type": "definition", "keywords": ["违约金"]}),
    Case("how do I set up the router?", understood={"question_type": "how"}),
    Case("为什么试用期工资低", understood={"question_type": "why"}),
    Case("报销流程", understood={"question_type": "procedure"}),
    Case("有哪些假期", understood={"question_type": "list"}),
    Case(
        "difference between annual leave and parental leave",
        understood={"question_type": "comparison"},
    ),
    Case("年假和病假的区别", understood={"question_type": "comparison"}),
    Case("is overtime paid?", understood={"question_type": "yes-no"}),
    Case("实习生是否适用本手册", understood={"question_type": "yes-no"}),
    Case("PPR-9087", understood={"question_type": "identifier", "identifiers": ["ppr9087"]}),
    Case(
        "wireless encryption",
        understood={"question_type": "keywords", "keywords": ["wireless", "encryption"]},
    ),
    Case("2024年3月15日签的是什么协议", understood={"dates": ["2024-03-15"]}),
    Case("功率7.5 kW的泵", understood={"numbers": ["7.5kw"]}),
]

CASES = [*SECTIONS, *QUOTES, *FILTERS, *SPELLING, *SYNONYMS, *FOLLOW_UPS, *ANALYSIS]
