"""Reports in Chinese of what was really measured: no sentence of theirs is in English."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from beir_folder import write_beir
from cli_fixtures import Braid

TEXTS = {
    "泵": "离心泵启动之前必须先灌满水，否则叶轮会因干转而损坏。",
    "假": "员工每年享有二十五天带薪年假，未休完的年假可顺延一年。",
    "电": "电机的额定电流为十二安培，启动电流不得超过额定电流的六倍。",
    "封": "密封件的质保期为自交货之日起两年，运输损坏不在其列。",
    "油": "轴承每个季度都要加注一次锂基润滑脂，并做好记录。",
    "雨": "四月份有九天下雨，五月份有十一天下雨，六月份没有下雨。",
}
QUERIES = {
    "问1": ("离心泵启动前要做什么", "泵"),
    "问2": ("额定电流是多少", "电"),
    "问3": ("密封件质保多久", "封"),
    "问4": ("轴承用什么润滑脂", "油"),
    "问5": ("年假有多少天", "假"),
    "问6": ("五月下了几天雨", "雨"),
}
FILE = """
name = "试验"
measures = ["nDCG@10", "RR@10"]
limit = 6
datasets = ["集"]
[systems."甲"]
[systems."乙"]
leg = "sparse"
[systems."丙".settings]
retrieval.depth = 5
"""
PHRASE = re.compile(r"[A-Za-z]{2,}(?:[ ,:]+[A-Za-z]{2,})+")
"""Two words or more in Latin letters."""
NAMES = re.compile(
    r"<pre>.*?</pre>|jieba[^<]*|e5[^<]*|multilingual[^<]*|snowball[^<]*|tantivy"
    r"|Intel[^<]*|AMD[^<]*|Xeon[^<]*|AVX[^<]*|Linux[^<]*|GiB|sentence-transformers",
    re.DOTALL,
)
"""Commands, and what parts and machines are called."""


def phrases(page: Path) -> list[str]:
    """What a reader of a page sees of English: names of parts, commands and data left out."""
    html = page.read_text("utf-8")
    body = NAMES.sub("", html[html.index("<body>") :].replace("<wbr>", ""))
    seen = re.sub(r"<dt>[^<]*</dt><dd>[^<]*/[^<]*</dd>", "", body)  # fingerprints
    text = unescape(
        re.sub(r"<[^>]*>", "\n", seen) + "\n".join(re.findall(r'label="([^"]*)"', seen))
    )
    return sorted(set(PHRASE.findall(text)))


@pytest.fixture
def folder(cached: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set in Chinese, of which something is to be noted."""
    monkeypatch.setenv("BRAID_RETRIEVAL__TUNE", "false")
    folder = write_beir(tmp_path / "集", TEXTS, QUERIES)
    with (folder / "queries.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"_id": "问7", "text": "没有人评判"}, ensure_ascii=False) + "\n")
    with (folder / "qrels" / "test.tsv").open("a", encoding="utf-8") as stream:
        stream.write("问1\t没有\t1\n")
    return folder


def test_of_an_experiment(cached: Braid, folder: Path, tmp_path: Path) -> None:
    file, page = tmp_path / "试验.toml", tmp_path / "报告.html"
    file.write_text(FILE, encoding="utf-8")
    assert cached("eval", "experiment", file).code == 0
    broken = FILE + '[systems."丁".settings]\nchunker.name = "fixed"\n'
    file.write_text(broken, encoding="utf-8")
    done = cached("eval", "experiment", file, "--stored", "--report", page, "--language", "zh")
    assert done.code == 0
    assert phrases(page) == []
    text = page.read_text("utf-8")
    assert "实验在此之前结束" in text
    assert "没有标注的查询，已略去" in text
    assert "延迟不能视为不同" in text
    assert (
        cached("eval", "experiment", file, "--again", "--report", page, "--language", "zh").code
        == 0
    )
    assert phrases(page) == []


def test_of_a_gate_and_of_stages(cached: Braid, folder: Path, tmp_path: Path) -> None:
    baseline, page = tmp_path / "基线.json", tmp_path / "门禁.html"
    assert cached("eval", "gate", folder, "--write-baseline", baseline).code == 0
    text = baseline.read_text("utf-8")
    said = cached(
        "eval", "gate", folder, "--baseline", baseline, "--measure", "RR@10", "--report", page,
        "--language", "zh", env={"BRAID_RERANK__RERANKERS": "[]", "BRAID_RETRIEVAL__DEPTH": "1"},
    )  # fmt: skip
    assert said.code in (0, 1)
    assert text
    assert phrases(page) == []
    run = cached(
        "eval", "run", folder, "--legs", "default,sparse", "--all-stages", "--report", page,
        "--language", "zh",
    )  # fmt: skip
    assert run.code == 0
    assert phrases(page) == []
