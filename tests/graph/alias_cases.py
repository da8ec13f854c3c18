"""Sixty cases of names that are one thing, or are not: Chinese, English and across scripts.

Each has short texts in named documents and two names as they are written there, each with its
document, and whether the graph has to take them for one entity. They were written before there
was a graph, and count as wrong where a name is not found at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AliasCase:
    """`documents` are title and text by id; `first` and `second` are "name@document"; `aliases`
    are lines of the collection's alias file, each with the names of one thing."""

    id: str
    is_one: bool
    first: str
    second: str
    documents: Mapping[str, tuple[str, str]]
    aliases: tuple[tuple[str, ...], ...] = field(default=())


def case(
    name: str, is_one: bool, first: str, second: str, *texts: tuple[str, str, str]
) -> AliasCase:
    """A case of texts, each with its document's id and title."""
    return AliasCase(name, is_one, first, second, {i: (title, text) for i, title, text in texts})


ENGLISH = (
    case(
        "en-legal-suffix", True, "Apple Inc.@a", "Apple@b",
        ("a", "Earnings call", "Apple Inc. reported record revenue on Thursday. Tim Cook said that "
         "demand for the iPhone was strong."),
        ("b", "Suppliers", "Foxconn assembles the iPhone for Apple in Zhengzhou. Apple pays its "
         "suppliers after sixty days."),
    ),
    case(
        "en-case", True, "NVIDIA@a", "Nvidia@b",
        ("a", "Chips", "NVIDIA designs graphics processors in Santa Clara."),
        ("b", "Markets", "Shares of Nvidia rose after the chip maker from Santa Clara gave its "
         "forecast."),
    ),
    case(
        "en-punctuation", True, "J.P. Morgan@a", "JP Morgan@b",
        ("a", "Deal list", "The merger was advised by J.P. Morgan and Lazard."),
        ("b", "Deal list 2", "Lazard and JP Morgan arranged the loan in London."),
    ),
    case(
        "en-article", True, "The Walt Disney Company@a", "Walt Disney Company@b",
        ("a", "Media", "The Walt Disney Company bought Pixar. The studio is in Emeryville."),
        ("b", "Media 2", "Pixar was sold to the Walt Disney Company by Steve Jobs."),
    ),
    case(
        "en-suffix-ag", True, "Siemens AG@a", "Siemens@b",
        ("a", "Rail", "Siemens AG won the contract for the signalling of the Berlin S-Bahn."),
        ("b", "Rail news", "Engineers of Siemens in Munich test trains for Deutsche Bahn."),
    ),
    case(
        "en-accents", True, "São Paulo@a", "Sao Paulo@b",
        ("a", "Cities", "São Paulo is the largest city in Brazil."),
        ("b", "Flights", "The airline flies from Lisbon to Sao Paulo in Brazil every day."),
    ),
    case(
        "en-acronym", True, "World Health Organization@a", "WHO@b",
        ("a", "Health", "The World Health Organization (WHO) is based in Geneva. It was founded "
         "in 1948."),
        ("b", "Vaccines", "In Geneva, the WHO approved a second vaccine against malaria."),
    ),
    case(
        "en-acronym-first", True, "NATO@a", "North Atlantic Treaty Organization@b",
        ("a", "Alliances", "NATO (North Atlantic Treaty Organization) has its seat in Brussels."),
        ("b", "History", "Greece joined the North Atlantic Treaty Organization in 1952."),
    ),
    case(
        "en-acronym-term", True, "retrieval-augmented generation@a", "RAG@b",
        ("a", "Methods", "We study retrieval-augmented generation (RAG) over large collections. "
         "Retrieval-augmented generation grounds a language model in documents."),
        ("b", "Systems", "A RAG system has a retriever and a language model. RAG cites documents."),
    ),
    case(
        "en-acronym-commas", True,
        "United Nations Educational, Scientific and Cultural Organization@a", "UNESCO@b",
        ("a", "Heritage", "The United Nations Educational, Scientific and Cultural Organization "
         "(UNESCO) keeps the list of World Heritage sites."),
        ("b", "Sites", "UNESCO added twelve World Heritage sites in Paris."),
    ),
    case(
        "en-also-known-as", True, "Mumbai@a", "Bombay@b",
        ("a", "India", "Mumbai, also known as Bombay, is the capital of Maharashtra."),
        ("b", "Ports", "The port of Bombay served the cotton trade of Maharashtra."),
    ),
    case(
        "en-surname", True, "Tim Cook@a", "Cook@a",
        ("a", "Profile", "Tim Cook became chief executive of Apple in 2011. Before that, Cook had "
         "run the operations of the company."),
    ),
    case(
        "en-surname-title", True, "Angela Merkel@a", "Merkel@a",
        ("a", "Berlin", "Angela Merkel met the president of France in Berlin. Chancellor Merkel "
         "called the talks useful. Afterwards Merkel flew to Brussels."),
    ),
    case(
        "en-company-short", True, "Berkshire Hathaway@a", "Berkshire@a",
        ("a", "Investors", "Berkshire Hathaway is led by Warren Buffett. In 2016, Berkshire "
         "bought shares of Apple."),
    ),
    case(
        "en-hereinafter", True, "Northwind Traders Limited@a", "Northwind@a",
        ("a", "Agreement", "This agreement is made between Northwind Traders Limited "
         "(“Northwind”) and Contoso Corporation. Northwind shall deliver the goods within "
         "thirty days."),
    ),
    case(
        "en-one-person", True, "Marie Curie@a", "Marie Curie@b",
        ("a", "Physics", "Marie Curie discovered polonium and radium in Paris with Pierre Curie."),
        ("b", "Warsaw", "The museum in Warsaw shows the house where Marie Curie was born, a "
         "physicist who won two Nobel Prizes."),
    ),
    case(
        "en-two-expansions", False, "RAG@a", "RAG@b",
        ("a", "Language models", "Retrieval-augmented generation (RAG) grounds a language model "
         "in documents. RAG lowers the rate of invented answers."),
        ("b", "Immunology", "The Recombination Activating Gene (RAG) is expressed in "
         "lymphocytes. Mutations of RAG lead to immune deficiency."),
    ),
    case(
        "en-two-broadcasters", False, "ABC@a", "ABC@b",
        ("a", "New York", "The American Broadcasting Company (ABC) is a television network in New "
         "York. ABC is owned by Disney."),
        ("b", "Sydney", "The Australian Broadcasting Corporation (ABC) is funded by the "
         "government in Canberra. ABC runs radio stations in Sydney."),
    ),
    case(
        "en-company-fruit", False, "Apple@a", "Apple@b",
        ("a", "Apple", "Apple is a technology company in Cupertino that was founded by Steve "
         "Jobs. Apple sells the iPhone and the Mac. Tim Cook leads Apple."),
        ("b", "Apple", "Apple is a fruit of the rose family. The orchards of Normandy grow Apple "
         "trees for cider and Calvados."),
    ),
    case(
        "en-two-people", False, "Michael Jordan@a", "Michael Jordan@b",
        ("a", "Basketball", "Michael Jordan is an American basketball player who won six "
         "championships with the Chicago Bulls. Phil Jackson coached Michael Jordan and Scottie "
         "Pippen."),
        ("b", "Machine learning", "Michael Jordan is a professor of statistics at the University "
         "of California, Berkeley. With Andrew Ng and David Blei, Michael Jordan introduced "
         "latent Dirichlet allocation."),
    ),
    case(
        "en-two-banks", False, "Bank of China@a", "Bank of America@a",
        ("a", "Lenders", "Bank of China and Bank of America lent two billion dollars to the "
         "project in Jakarta."),
    ),
    case(
        "en-university-city", False, "University of Chicago@a", "Chicago@a",
        ("a", "Economists", "Milton Friedman taught at the University of Chicago. He lived in "
         "Chicago until 1977."),
    ),
    case(
        "en-two-films", False, "The Zone@a", "The Zone@b",
        ("a", "The Zone (2017 film)", "The Zone is a 2017 Swedish science fiction film directed "
         "by Esa Lund. The Zone was shot in Malmö."),
        ("b", "The Zone (1995 film)", "The Zone is a 1995 American action film directed by Barry "
         "Zetlin. The Zone stars Robert Davi."),
    ),
    case(
        "en-jonny-johnny", False, "Jonny Green@a", "Johnny Green@b",
        ("a", "Guitars", "Jonny Green plays the guitar in a band from Oxford."),
        ("b", "Film music", "Johnny Green wrote the music for films in Hollywood."),
    ),
    case(
        "en-amounts", False, "$3.5 million@a", "$3.5 billion@a",
        ("a", "Accounts", "The fund paid $3.5 million for the house and $3.5 billion for the "
         "railway."),
    ),
    case(
        "en-other-cook", False, "Tim Cook@a", "Cook@b",
        ("a", "Executives", "Tim Cook became chief executive of Apple in Cupertino in 2011."),
        ("b", "Voyages", "James Cook sailed to Tahiti in the Endeavour. In 1770, Cook reached "
         "Botany Bay."),
    ),
    case(
        "en-river-company", False, "Amazon@a", "Amazon@b",
        ("a", "Rivers", "The Amazon is a river in South America. The Amazon flows from Peru "
         "through Brazil to the Atlantic Ocean; Manaus lies on it."),
        ("b", "Shops", "Amazon is an online retailer founded by Jeff Bezos in Seattle. Amazon "
         "bought Whole Foods and runs warehouses in Ohio."),
    ),
)  # fmt: skip

CHINESE = (
    case(
        "zh-legal-suffix", True, "华夏娱乐有限公司@a", "华夏娱乐@b",
        ("a", "公司年报", "华夏娱乐有限公司成立于1998年，总部位于上海。"),
        ("b", "行业新闻", "昨日，华夏娱乐宣布在上海投资一部新电影。"),
    ),
    case(
        "zh-traditional", True, "台積電@a", "台积电@b",
        ("a", "半導體", "台積電在新竹設有晶圓廠。台積電的創辦人是張忠謀。"),
        ("b", "半导体", "台积电计划扩大产能。张忠谋创办了台积电。"),
    ),
    AliasCase(
        "zh-alias-file", True, "台灣積體電路製造公司@a", "台积电@b",
        {
            "a": ("年報", "台灣積體電路製造公司公布了年度營收，總部位於新竹。"),
            "b": ("快讯", "台积电今日股价上涨，公司总部位于新竹。"),
        },
        aliases=(("台湾积体电路制造公司", "台积电"),),
    ),
    case(
        "zh-jiancheng", True, "中国科学院@a", "中科院@b",
        ("a", "科研机构", "中国科学院（简称“中科院”）成立于1949年，总部设在北京。"),
        ("b", "科研动态", "中科院的研究人员在北京发布了新的量子计算机。"),
    ),
    case(
        "zh-yixia-jiancheng", True, "北京星河科技有限公司@a", "星河科技@a",
        ("a", "合同", "北京星河科技有限公司（以下简称“星河科技”）与上海远东贸易有限公司签订本合同。"
         "星河科技应当在三十日内交货。"),
    ),
    case(
        "zh-youcheng", True, "马铃薯@a", "土豆@b",
        ("a", "作物", "马铃薯，又称土豆，是一种茄科植物。马铃薯原产于安第斯山区。"),
        ("b", "菜谱", "土豆去皮切块，与牛肉同炖。土豆富含淀粉。"),
    ),
    case(
        "zh-yuanming", True, "鲁迅@a", "周树人@b",
        ("a", "作家", "鲁迅，原名周树人，浙江绍兴人，著有《狂人日记》。"),
        ("b", "绍兴名人", "周树人早年在绍兴读书，后来赴日本留学。"),
    ),
    case(
        "zh-book-marks", True, "《红楼梦》@a", "红楼梦@b",
        ("a", "古典小说", "曹雪芹写了《红楼梦》。《红楼梦》以贾宝玉和林黛玉的爱情为主线。"),
        ("b", "红楼梦", "红楼梦是清代曹雪芹创作的长篇小说。"),
    ),
    case(
        "zh-middle-dot", True, "列奥纳多·达·芬奇@a", "列奥纳多•达•芬奇@b",
        ("a", "文艺复兴", "列奥纳多·达·芬奇出生于意大利，画了《蒙娜丽莎》。"),
        ("b", "画家", "列奥纳多•达•芬奇是意大利画家，卢浮宫藏有他的《蒙娜丽莎》。"),
    ),
    case(
        "zh-surname-short", True, "埃隆·马斯克@a", "马斯克@a",
        ("a", "人物", "埃隆·马斯克创办了太空探索技术公司。2004年，马斯克投资了特斯拉。"),
    ),
    case(
        "zh-company-in-document", True, "广州恒达集团有限公司@a", "恒达集团@a",
        ("a", "公告", "广州恒达集团有限公司发布公告。恒达集团将在广州建设新的工厂。"),
    ),
    case(
        "zh-one-person", True, "屠呦呦@a", "屠呦呦@b",
        ("a", "诺贝尔奖", "屠呦呦发现了青蒿素，2015年获得诺贝尔奖。"),
        ("b", "宁波", "宁波是药学家屠呦呦的故乡，当地建有纪念馆。"),
    ),
    case(
        "zh-same-prefix", False, "华夏娱乐有限公司@a", "华夏银行@b",
        ("a", "影视", "华夏娱乐有限公司在上海制作电影。"),
        ("b", "金融", "华夏银行在北京发布了年度报告。"),
    ),
    case(
        "zh-two-people", False, "张伟@a", "张伟@b",
        ("a", "医院简介", "张伟是北京协和医院心脏外科主任医师。张伟与李红完成了首例心脏移植手术。"),
        ("b", "足球", "张伟是山东泰山队的前锋球员。张伟在济南对阵上海海港队时攻入两球。"),
    ),
    case(
        "zh-two-banks", False, "中国银行@a", "中国人民银行@a",
        ("a", "利率", "中国人民银行下调了利率，中国银行随后下调了存款利率。"),
    ),
    case(
        "zh-university-city", False, "北京大学@a", "北京@a",
        ("a", "高校", "北京大学位于北京，前身是京师大学堂。"),
    ),
    case(
        "zh-fruit-company", False, "苹果@a", "苹果@b",
        ("a", "水果", "苹果是一种水果，属于蔷薇科。烟台种植的苹果味道甜，富含维生素。"),
        ("b", "科技公司", "苹果是一家科技公司，总部在库比蒂诺。库克介绍了苹果的新手机。"),
    ),
    case(
        "zh-dates", False, "2019年3月5日@a", "2019年5月3日@a",
        ("a", "日程", "会议定于2019年3月5日召开，后改到2019年5月3日召开。"),
    ),
    case(
        "zh-one-character", False, "张伟@a", "张玮@a",
        ("a", "名单", "张伟和张玮都参加了会议，张伟来自上海，张玮来自重庆。"),
    ),
)  # fmt: skip

CROSS_SCRIPT = (
    case(
        "x-term-acronym", True, "检索增强生成@a", "RAG@b",
        ("a", "方法", "检索增强生成（RAG）让大语言模型先检索文档再回答。检索增强生成减少了幻觉。"),
        ("b", "系统", "RAG系统包括检索器和大语言模型。RAG可以引用文档。"),
    ),
    case(
        "x-full-name", True, "世界卫生组织@a", "World Health Organization@b",
        ("a", "卫生", "世界卫生组织（World Health Organization，WHO）总部位于日内瓦。"),
        ("b", "Health", "The World Health Organization published its report in Geneva."),
    ),
    case(
        "x-acronym", True, "世界卫生组织@a", "WHO@b",
        ("a", "卫生", "世界卫生组织（World Health Organization，WHO）总部位于日内瓦。"),
        ("b", "Vaccines", "The WHO approved a second vaccine against malaria."),
    ),
    case(
        "x-english-first", True, "Huawei@a", "华为@b",
        ("a", "Networks", "Huawei (华为) was founded by Ren Zhengfei in Shenzhen."),
        ("b", "通信", "华为在深圳发布了新的基站设备。华为的创始人是任正非。"),
    ),
    case(
        "x-company", True, "特斯拉@a", "Tesla@b",
        ("a", "汽车", "特斯拉（Tesla）在上海建设了超级工厂。"),
        ("b", "Cars", "Tesla opened a factory near Berlin. Elon Musk leads Tesla."),
    ),
    case(
        "x-label", True, "ByteDance@a", "字节跳动@b",
        ("a", "Internet", "ByteDance (Chinese: 字节跳动) is an internet company in Beijing founded "
         "by Zhang Yiming."),
        ("b", "互联网", "字节跳动是一家位于北京的互联网公司，由张一鸣创办。"),
    ),
    AliasCase(
        "x-alias-file", True, "牛津大学@a", "University of Oxford@b",
        {
            "a": ("高校", "牛津大学是英国最古老的大学。"),
            "b": ("Colleges", "The University of Oxford has thirty-nine colleges in England."),
        },
        aliases=(("牛津大学", "University of Oxford", "Oxford University"),),
    ),
    case(
        "x-through-acronym", True, "台积电@a", "Taiwan Semiconductor Manufacturing Company@b",
        ("a", "芯片", "台积电（TSMC）为苹果公司代工芯片。台积电总部位于新竹。"),
        ("b", "Chips", "Taiwan Semiconductor Manufacturing Company (TSMC) makes chips in Hsinchu. "
         "TSMC supplies Apple."),
    ),
    case(
        "x-same-word", True, "Python@a", "Python@b",
        ("a", "编程", "Python是一种编程语言，由吉多·范罗苏姆创建。"),
        ("b", "Programming", "Python is a programming language created by Guido van Rossum."),
    ),
    case(
        "x-term-and-acronym", True, "大语言模型@b", "LLM@c",
        ("a", "综述", "大语言模型（Large Language Model，LLM）由大量文本训练而成。"),
        ("b", "应用", "客服系统使用大语言模型回答问题。大语言模型需要提示词。"),
        ("c", "Agents", "An LLM calls tools in a loop. The LLM decides when to stop."),
    ),
    case(
        "x-two-expansions", False, "CPI@a", "CPI@b",
        ("a", "物价", "消费者物价指数（CPI）同比上涨百分之二。国家统计局每月公布CPI。"),
        ("b", "Kerala", "The Communist Party of India (CPI) governs Kerala. The CPI was founded in "
         "Kanpur."),
    ),
    case(
        "x-role", False, "李明@a", "CEO@a",
        ("a", "任命", "董事会任命李明（CEO）负责海外业务。新的CEO将于六月上任。"),
    ),
    case(
        "x-place", False, "阿里巴巴@a", "杭州@a",
        ("a", "总部", "阿里巴巴（杭州）有限公司举办了开放日。阿里巴巴的总部在杭州。"),
    ),
    case(
        "zh-two-machines", False, "ATM@a", "ATM@b",
        ("a", "通信网络", "异步传输模式（ATM）是一种信元交换技术。ATM用于宽带网络。"),
        ("b", "银行服务", "自动取款机（ATM）可以取现金。银行在商场安装了ATM。"),
    ),
)  # fmt: skip

CASES = (*ENGLISH, *CHINESE, *CROSS_SCRIPT)
