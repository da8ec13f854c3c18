"""The files of the web page: their types and headers, their strings, and that none is left out."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from pathlib import Path

import httpx
import pytest

from api.web.assets import assets

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "api" / "web" / "static"
SCRIPTS = sorted(STATIC.glob("js/*.js"))
_STRING = re.compile(r'^  "([^"]+)": "(.*)",$', re.MULTILINE)
_MAX_LINES = 400
_MAX_BYTES = 300_000


def table(language: str) -> dict[str, str]:
    """The strings of a language, by key."""
    text = (STATIC / "js" / f"words-{language}.js").read_text(encoding="utf-8")
    found = _STRING.findall(text)
    assert len(found) == text.count('": "'), "a string is not on a line of its own"
    assert len(dict(found)) == len(found), "a key stands twice"
    return dict(found)


def test_every_string_is_there_in_both_languages() -> None:
    english, chinese = table("en"), table("zh")
    assert list(english) == list(chinese)
    for key, text in english.items():
        wanted, had = (set(re.findall(r"\{\w+\}", one)) for one in (text, chinese[key]))
        assert wanted == had, key
        assert text and chinese[key], key


def test_every_string_that_is_asked_for_is_there_and_none_is_idle() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in SCRIPTS if "words-" not in path.name
    )
    strings = table("en")
    asked = set(re.findall(r'\bt\(\s*"([\w.]+)"', code))
    assert asked <= set(strings), asked - set(strings)
    beginnings = set(re.findall(r'(?:named|t)\(\s*[`"]([\w.]+?)\.?(?:\$\{|",)', code))
    kinds = set(re.findall(r'(?:measured\([^"]*)"(\w+)"', code))
    quoted = set(re.findall(r'"([\w.]+)"', code))
    idle = {
        key
        for key in strings
        if key not in asked | quoted
        and not any(key.startswith(f"{one}.") for one in beginnings | kinds)
    }
    assert not idle, idle


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_small_and_takes_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= _MAX_LINES
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    assert not re.search(r"""["'`]https?://(?!www\.w3\.org/)""", text), "it names another host"


def test_the_page_is_light_and_whole() -> None:
    assert sum(len(asset.content) for asset in assets().values()) < _MAX_BYTES
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for name in assets():
        declared = patterns["package-data"]["api"]
        assert any(fnmatch.fnmatch(f"web/static/{name}", one) for one in declared), name


def test_files_come_with_their_type_and_a_strict_policy(client: httpx.Client) -> None:
    kinds = {
        "/": "html",
        "/docs": "html",
        "/static/app.css": "css",
        "/static/js/main.js": "javascript",
    }
    for address, kind in kinds.items():
        response = client.get(address)
        assert response.status_code == 200
        assert kind in response.headers["Content-Type"]
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy and "http" not in policy
        assert client.head(address).headers["ETag"] == response.headers["ETag"]


def test_what_is_known_is_not_sent_again(client: httpx.Client) -> None:
    for coding in ("gzip", "identity"):
        asked = {"Accept-Encoding": coding}
        first = client.get("/static/app.css", headers=asked)
        assert first.headers.get("Content-Encoding", "identity") == coding
        assert first.content == assets()["app.css"].content
        again = client.get(
            "/static/app.css", headers={**asked, "If-None-Match": first.headers["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "index.html", "../site.py", "..%2fsite.py", "js", "js/", "%2e%2e/site.py"],
)
def test_nothing_else_is_given_out(client: httpx.Client, name: str) -> None:
    response = client.get(f"/static/{name}")
    assert response.status_code == 404
    assert "import" not in response.text
