"""Programs are read by class and function, settings by key; no line is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.code_languages import language_of_code
from ingest.contract import BlockKind, Parsed, Source
from ingest.parse.source_code import SourceCodeParser

H, P, CODE = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.CODE


def parse(text: str, name: str) -> Parsed:
    return SourceCodeParser().parse(Source(name, text.encode(), name), "text/x-source")


def headings(text: str, name: str) -> list[tuple[int, str]]:
    return [(b.level, b.text) for b in parse(text, name).blocks if b.kind is H]


PYTHON = '''"""What the module does.

More of it.
"""

import os


# About f.
@decorate
def f(x):
    """Docstring."""
    return x


class A(B):
    """About A."""

    kind = 1

    def method(self):
        def inner():
            pass

        return inner

    async def other(self): ...

    last = 2


if __name__ == "__main__":
    f(1)
'''


def test_python() -> None:
    parsed = parse(PYTHON, "pkg/mod.py")
    assert parsed.title == "mod.py"
    assert parsed.metadata == {"code_languages": ("python",)}
    assert [(b.kind, b.level, b.text) for b in parsed.blocks] == [
        (P, 0, "What the module does."),
        (P, 0, "More of it."),
        (CODE, 0, "import os"),
        (H, 1, "f"),
        (CODE, 0, '# About f.\n@decorate\ndef f(x):\n    """Docstring."""\n    return x'),
        (H, 1, "A"),
        (CODE, 0, 'class A(B):\n    """About A."""\n\n    kind = 1\n\n    last = 2'),
        (H, 2, "method"),
        (CODE, 0, "def method(self):\n    def inner():\n        pass\n\n    return inner"),
        (H, 2, "other"),
        (CODE, 0, "async def other(self): ..."),
        (H, 1, "mod.py"),
        (CODE, 0, 'if __name__ == "__main__":\n    f(1)'),
    ]


SAMPLES = {
    "a.ts": (
        "import x from 'y';\n/** Doc. */\nexport class C<T> extends D {\n  n = 1;\n"
        "  get(a: T): T {\n"
        "    return a;\n  }\n}\nexport const run = async () => {\n  await x();\n  done();\n};\n"
        "interface I {\n  a: string;\n}\nexport default function go() {}\n",
        [(1, "C"), (2, "get"), (1, "run"), (1, "I"), (1, "go")],
    ),
    "A.java": (
        "package p;\n\npublic class A {\n  int n;\n  // makes\n  A(int n) { this.n = n; }\n"
        "  int get() {\n    return n;\n  }\n  enum E { X }\n}\n",
        [(1, "A"), (2, "A"), (2, "get"), (2, "E")],
    ),
    "a.go": (
        "package p\n\ntype T struct {\n\tn int\n}\n\n// Get it.\nfunc (t *T) Get() int {\n"
        "\treturn t.n\n}\n"
        "\nfunc main() {\n}\n",
        [(1, "T"), (1, "T.Get"), (1, "main")],
    ),
    "a.rs": (
        "use std::fmt;\n/// Doc.\n#[derive(Debug)]\nstruct S { n: i32 }\n"
        "impl fmt::Display for S {\n"
        "    fn fmt(&self) {}\n}\nmod m {\n    pub fn g() {}\n}\n",
        [(1, "S"), (1, "impl fmt::Display for S"), (2, "fmt"), (1, "m"), (2, "g")],
    ),
    "a.cpp": (
        "#include <vector>\nnamespace n {\ntemplate <class T> class V {\n public:\n"
        "  int size() const {\n"
        "    return 1;\n  }\n};\n}\nint n::f(int a) {\n  return a;\n}\n",
        [(1, "n"), (2, "V"), (3, "size"), (1, "n::f")],
    ),
    "a.c": (
        "#include <stdio.h>\nstruct s { int a; };\nstatic char *name(int x) {\n  return 0;\n}\n",
        [(1, "s"), (1, "name")],
    ),
    "a.cs": (
        "using System;\nnamespace N {\n  class C {\n    int P { get; set; }\n"
        "    void M() {\n    }\n  }\n}\n",
        [(1, "N"), (2, "C"), (3, "M")],
    ),
    "a.rb": (
        "module M\n  class C\n    # doc\n    def m(a)\n      a\n    end\n  end\nend\n",
        [(1, "M"), (2, "C"), (3, "m")],
    ),
    "a.php": (
        "<?php\nclass C {\n  public function m() {\n    return 1;\n  }\n}\nfunction f() {\n}\n",
        [(1, "C"), (2, "m"), (1, "f")],
    ),
    "a.sh": ("#!/bin/bash\nset -e\nrun() {\n  echo hi\n}\nrun\n", [(1, "run"), (1, "a.sh")]),
    "a.kt": (
        "package p\n\n// doc\nfun main() {\n  println(1)\n}\n\ndata class D(val a: Int)\n",
        [(1, "main"), (1, ["D", "val"][0])],
    ),
    "a.sql": (
        "-- people\nCREATE TABLE people (\n  id INT\n);\ncreate or replace view v as select 1;\n",
        [(1, "people"), (1, "v")],
    ),
    "a.yaml": (
        "# top\nname: x\nserver:\n  host: h\n  port: 1\nlist:\n- a\n- b\n",
        [(1, "server"), (1, "list")],
    ),
    "a.toml": (
        "title = 'x'\n\n[tool.a]\nb = 1\n\n# about c\n[[c]]\nd = 2\n",
        [(1, "tool.a"), (1, "c")],
    ),
    "a.ini": ("[one]\na=1\n\n[two]\nb=2\n", [(1, "one"), (1, "two")]),
    "Makefile": (
        "CC = gcc\n\nall: a b\n\techo all\n\nclean:\n\trm x\n",
        [(1, "all"), (1, "clean")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_languages(name: str) -> None:
    text, expected = SAMPLES[name]
    assert headings(text, name) == expected
    shown = {line.strip() for b in parse(text, name).blocks for line in b.text.split("\n")}
    assert {line.strip() for line in text.split("\n")} - {""} <= shown


def test_language_by_content() -> None:
    for name, (text, _) in SAMPLES.items():
        if name in ("a.go", "a.cpp", "A.java", "a.cs", "a.php", "a.sh", "a.c", "a.rs"):
            assert language_of_code(text, "x.txt") == language_of_code(text, name)
    assert language_of_code(PYTHON, "") == "python"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "def broken(:\n  x = (1,\n\nclass Good:\n    def m(self):\n        pass\n"),
        ("a.js", "var a=1;" * 10_000),
        ("a.c", "{" * 20_000),
        ("a.py", "".join(" " * n + f"class B{n}:\n" for n in range(60)) + " " * 60 + "pass"),
        ("a.py", '"""unclosed docstring\nx = 1\n'),
        ("a.unknown", "some\ntext\n"),
    ],
)  # fmt: skip
def test_broken_code_is_read_whole(name: str, text: str) -> None:
    shown = "\n".join(b.text for b in parse(text, name).blocks)
    assert len("".join(shown.split())) >= len("".join(text.split()))


LINES = st.sampled_from(
    ["def f():", "class A:", "    x = 1", "    def m(self):", "        return 1", "# c", "", "@d",
     '"""doc"""', "if x:", "function g() {", "}", "{", "[s]", "key: 1",
     "const h = () => {", "  y();"]
)  # fmt: skip


@given(st.lists(LINES, max_size=25), st.sampled_from(["a.py", "a.ts", "a.go", "a.yaml", "a.kt"]))
@settings(max_examples=150, deadline=None)
def test_no_line_is_lost(lines: list[str], name: str) -> None:
    shown = [line.strip() for b in parse("\n".join(lines), name).blocks if b.kind is not H
             for line in b.text.split("\n") if line.strip()]  # fmt: skip
    wanted = [line.strip() for line in lines if line.strip()]
    docstring = lines and '"""doc"""' in lines
    assert docstring or sorted(shown) == sorted(wanted)
