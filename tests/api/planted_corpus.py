"""A small corpus of files, Chinese and English, and questions about it, one for each thing that
is broken on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eval.contract import Question

WARRANTY = """# Terms of warranty

## Bearings

Bearings are covered for eighteen months. The cover ends when the record of greasing is not kept.

## Couplings

Couplings are covered for thirty months if they were fitted by the maker.

## Gauges

Gauges are not covered at all, because they are calibrated anew each spring.
"""
SHELVES = [
    [f"{1000 + (n * 37 + at * 211) % 9000}-{100 + (n + at * 7) % 900}" for at in range(20)]
    for n in range(8)
]
"""Codes of parts, which meaning cannot tell apart."""
RULES = """# 考勤制度

## 迟到

员工每月迟到三次以内不扣工资。超过三次的，从第四次起每次扣五十元。

## 加班

周末加班按两倍工资计算，法定节假日加班按三倍工资计算。

## 出差

出差期间每天补助一百八十元，住宿费凭发票报销。
"""
LEAVE = """<html><head><title>Leave</title></head><body><main><h1>Paid leave</h1>
<p>Leave is counted by grade, and is taken within the year.</p>
<table><tr><th>Grade</th><th>Days of leave</th></tr><tr><td>Apprentice</td><td>21</td></tr>
<tr><td>Engineer</td><td>25</td></tr><tr><td>Senior engineer</td><td>28</td></tr></table>
</main></body></html>"""
PRICES = """<html><head><title>价格</title></head><body><main><h1>水泵价格</h1>
<p>下列价格含税，自四月起执行。</p>
<table><tr><th>型号</th><th>单价</th></tr><tr><td>甲型离心泵</td><td>七千四百元</td></tr>
<tr><td>乙型潜水泵</td><td>三千九百元</td></tr></table></main></body></html>"""

TEXTS: Mapping[str, str] = {
    "seals.txt": "The guarantee on rubber seals runs for two years from the day of delivery.",
    "canteen.txt": "The canteen serves lunch from half past eleven until two o'clock.",
    "parking.txt": "Visitors leave their cars on level three of the northern garage.",
    "badge.txt": "A lost badge has to be reported to the porter within 24 hours.",
    "greasing.txt": "Every open gear must be greased with lithium soap each quarter by the shift "
    "leader, who then signs the yellow record in the workshop.",
    "fire.txt": "When the alarm sounds, everybody walks to the lawn. Nobody uses the lifts. The "
    "warden counts heads beside the old chestnut tree.",
    "travel.txt": "Journeys by train are booked in second class up to four hours.",
    "laptop.txt": "Laptops are replaced after 48 months, or earlier when the battery swells.",
    "garden.txt": "The roses along the fence are pruned in late winter by a gardener.",
    "choir.txt": "The choir rehearses on Thursdays in the hall behind the reception.",
    "library.txt": "Books from the company library may be kept for six weeks and renewed once.",
    "shoes.txt": "In the foundry only shoes with steel caps are allowed.",
    # What shares words with questions, and answers none.
    "words-1.txt": "How long a guarantee of rubber quality lasts is often asked; rubber gloves are "
    "bought under long contracts and rings of rope are kept under cover.",
    "words-2.txt": "The guarantee office asks how long each visitor of the rubber plantation was "
    "under way, and for how long the rubber trees are tapped.",
    "words-3.txt": "For how long rubber boots are worn under a guarantee of dryness, nobody asks; "
    "they are long and rubber is cheap.",
    "words-4.txt": "Under the long table lies a rubber mat, for which no guarantee is given, and "
    "how old it is no one knows.",
    "words-5.txt": "The clock in the yard has shown the wrong time since the storm.",
    "words-6.txt": "Overtime and lost time are entered in two columns of the sheet.",
    "words-7.txt": "A time lock secures the safe of the cashier at night.",
    "words-8.txt": "Reading time of the meters is the last Friday of a quarter.",
    "水泵.txt": "离心泵的质保期为三年，自验收合格之日起计算。",
    "食堂.txt": "食堂每天中午十一点半开始供应午餐，晚上不开放。",
    "班车.txt": "班车早上七点二十分从东门发车，途经火车站。",
    "图书.txt": "员工可以借阅图书六个星期，并可续借一次。",
    "体检.txt": "公司每年九月安排全体员工免费体检一次。",
    "门禁.txt": "门禁卡遗失后，应当在一天之内向保安室报告。",
    "词一.txt": "报表几点以前交，由财务部另行通知。",
    "词二.txt": "锅炉几点停火，由值班长决定。",
    "词三.txt": "没有人记得老磨坊的钟那天停在几点。",
    "词四.txt": "夜班几点交接写在车间门口的黑板上。",
    "long-1.txt": "The history of the works begins with a mill on the river. " * 9,
    "long-2.txt": "The annual report describes the course of business in every region. " * 9,
    "long-3.txt": "本厂的历史从河边的一座磨坊开始，后来几经扩建，才有了今天的规模。" * 7,
    "long-4.txt": "The brochure shows the halls, the yard and the offices from the air. " * 9,
}
SLIDES = (
    "The plan for the year was agreed by the board.",
    "Sales in the south grew by a third.",
    "A new hall will be built beside the canal.",
    "The old crane is sold to a museum in Hamburg.",
)


def write_corpus(folder: Path) -> Path:
    """The files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        **TEXTS,
        "warranty.md": WARRANTY,
        **{
            f"shelf-{n}.txt": f"A shelf with the parts {', '.join(codes)}."
            for n, codes in enumerate(SHELVES)
        },
        "考勤.md": RULES,
        "leave.html": LEAVE,
        "价格.html": PRICES,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 this was a document once" + bytes(200))
    _write_deck(folder / "deck.pptx")
    return folder


def _write_deck(path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    for text in SLIDES:
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(8), Inches(1))
        box.text_frame.text = text
    deck.save(str(path))


def q(name: str, text: str, document: str, **place: object) -> Question:
    """A question about a document."""
    return Question(name, text, document, **place)  # type: ignore[arg-type]


QUESTIONS: Mapping[str, Question] = {
    question.id: question
    for question in (
        # parsing
        q("table", "How many days of leave does a senior engineer have?", "leave.html",
          answer="28"),
        q("slide", "To whom is the old crane sold?", "deck.pptx", page=4),
        q("garbled", "离心泵的质保期是多久？", "水泵.txt", answer="三年"),
        q("broken", "What does the contract say about penalties?", "broken.docx",
          answer="five percent"),
        q("heading", "How long are couplings covered?", "warranty.md", heading="Couplings"),
        # chunking
        q("cut", "Who greases the open gears?", "greasing.txt",
          answer="greased with lithium soap each quarter by the shift leader, who then signs"),
        q("second", "Where does the warden count heads?", "fire.txt",
          answer="beside the old chestnut tree"),
        q("path", "周末加班工资怎么算？", "考勤.md", heading="加班"),
        q("page", "Where will the new hall be built?", "deck.pptx", page=3),
        q("row", "乙型潜水泵的单价是多少？", "价格.html", answer="三千九百元"),
        # candidates
        q("filtered", "In the markdown files: for how long are rubber seals under guarantee?",
          "seals.txt"),
        q("crossed", "访客把车停在哪里？", "parking.txt"),
        q("crossed-back", "When are employees given a free medical examination?", "体检.txt"),
        q("reworded", "May singers practise?", "choir.txt"),
        q("runes", "ᚻᚹᛖᚾ ᚪᚱᛖ ᚦᛖ ᚱᚩᛋᛖᛋ ᛈᚱᚢᚾᛖᛞ", "garden.txt"),
        # fusion
        q("words", "For how long is a guarantee given on a rubber ring that seals?", "seals.txt"),
        q("midday", "At what time can one eat at noon?", "canteen.txt"),
        q("吃饭", "几点能吃上饭？", "食堂.txt"),
        q("code-2", f"On which shelf does part {SHELVES[2][7]} lie?", "shelf-2.txt"),
        q("code-5", f"On which shelf does part {SHELVES[5][11]} lie?", "shelf-5.txt"),
        # reranking
        q("badge", "When has a lost badge to be reported?", "badge.txt"),
        q("bus", "班车几点发车？", "班车.txt"),
        q("shoes", "Which shoes are allowed in the foundry?", "shoes.txt"),
        q("travel", "In which class are journeys by train booked?", "travel.txt"),
        q("books", "图书可以借多久？", "图书.txt"),
        # answer
        q("refused", "How long may books from the library be kept?", "library.txt",
          answer="six weeks"),
        q("wrong", "When does the choir rehearse?", "choir.txt", answer="Thursdays"),
        q("vague", "Where do visitors leave their cars?", "parking.txt"),
        q("headlong", "门禁卡遗失后应当向哪里报告？", "门禁.txt", answer="保安室"),
        q("digits", "After how many months are laptops replaced?", "laptop.txt",
          answer="48 months"),
    )
}  # fmt: skip
