"""Rich Text Format as paragraphs and table rows: groups, fonts, styles, notes and fields."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.lines import is_spaceless
from ingest.rtf_content import Paragraph, Rtf, Run, Sink, State, Style, joined
from ingest.rtf_tables import Row, RowShape
from ingest.rtf_tokens import Token, codec_of_charset, codec_of_page, decode_bytes, tokens

MAX_DEPTH = 1_000
_SKIPPED = frozenset(
    """
    colortbl pict objdata objclass objname blipuid shprslt nonshppict nonesttables sp filetbl
    revtbl rsidtbl generator xe tc tcn rxe bkmkstart bkmkend datafield formfield fldtype pn
    annotation atnid atnauthor atrfstart atrfend atndate template themedata colorschememapping
    latentstyles datastore nesttableprops pgptbl userprops xmlnstbl mmathPr picprop falt panose
    ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn background private passwordhash leveltext
    levelnumbers listname lfolevel upr
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_STARRED = frozenset(("shppict", "shpinst", "shptxt", "listtable", "listoverridetable", "ud"))
_FURNITURE = frozenset(
    ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf")
)
_INFO = frozenset(
    ("title", "author", "subject", "keywords", "category", "company", "doccomm", "manager")
)
_TIMES = {"creatim": "created", "revtim": "modified"}
_CHARACTERS: Mapping[str, str] = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "bullet": "•",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ",
    "enspace": " ", "qmspace": " ", "softline": "\n", "zwj": "\u200d", "zwnj": "\u200c",
}  # fmt: skip
_SYMBOLS = {"~": "\u00a0", "_": "-", "\n": "\x00par", "\r": "\x00par", "{": "{", "}": "}"}
_TOGGLES = ("b", "v", "deleted", "caps", "scaps")


@dataclass
class Reader:
    """One pass over the tokens. `read` gives what was found."""

    found: Rtf = field(default_factory=Rtf)
    state: State = field(default_factory=State)
    stack: list[tuple[State, Sink | None]] = field(default_factory=list)
    sink: Sink = field(default_factory=Sink)
    codec: str = "cp1252"
    fonts: dict[int, tuple[str, bool]] = field(default_factory=dict)
    shape: RowShape = field(default_factory=RowShape)
    data: bytearray = field(default_factory=bytearray)
    to_skip: int = 0
    starred: bool = False
    side: str = ""  # text of a destination that is no paragraph
    depth: int = 0
    default_font: int = 0

    def read(self, source: bytes) -> Rtf:
        """Read the whole file."""
        for token in tokens(source):
            self._take(token)
        self._flush()
        while self.stack:
            self._close()
        self._paragraph()
        self._end_row()
        self.found.content = self.sink.content
        return self.found

    def _take(self, token: Token) -> None:
        if token.kind == "text":
            self._bytes(token.data)
            return
        skipping = self.state.destination == "skip"
        if token.kind == "{":
            self._flush()
            self._open()
        elif token.kind == "}":
            self._flush()
            self._close()
        elif skipping and token.word not in ("*", "ud"):
            return
        elif token.kind == "word":
            if self.to_skip and token.word != "u":
                self.to_skip -= 1
            self._flush()
            self._word(token.word, token.number)
        elif self.to_skip:
            self.to_skip -= 1
        else:
            self._symbol(token.word)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self.starred = True
        elif symbol in "{}\\" or symbol in _SYMBOLS:
            text = _SYMBOLS.get(symbol, symbol)
            self._flush()
            if text == "\x00par":
                self._paragraph()
            else:
                self._text(text)

    def _open(self) -> None:
        self.depth += 1
        self.to_skip = 0
        if len(self.stack) < MAX_DEPTH:
            self.stack.append((self.state, None))
            self.state = copy.copy(self.state)
            if self.state.destination == "stylesheet":
                self.side = ""
                self.state.style = 0
                self.state.level = -1

    def _close(self) -> None:
        self.starred = False
        self.to_skip = 0
        self.depth = max(self.depth - 1, 0)
        if not self.stack or self.depth >= len(self.stack):
            return
        inner = self.state
        self.state, outer = self.stack.pop()
        if inner.destination == "stylesheet" and self.state.destination == "stylesheet":
            name = self.side.strip().rstrip(";").strip()
            self.found.styles.setdefault(inner.style, Style(name, inner.level))
            self.side = ""
        if inner.destination != self.state.destination:
            self._end_destination(inner.destination)
        if outer is not None:
            self._end_sink(inner.destination, outer)

    def _end_destination(self, name: str) -> None:
        text = " ".join(self.side.split())
        if name in _INFO and text:
            self.found.info.setdefault(name, text)
        elif name in _TIMES and text.lstrip("-:T0"):
            self.found.info.setdefault(_TIMES[name], text)
        elif name == "listtext":
            self.sink.marker = text
        elif name == "fldinst":
            if re.match(r"\s*TOC\b", self.side):
                self.state.toc = True
            return
        self.side = ""

    def _end_sink(self, name: str, outer: Sink) -> None:
        """A note, a box or a running header is complete; the text around it goes on."""
        self._paragraph()
        inner, self.sink = self.sink, outer
        texts = [part.text for part in inner.content if isinstance(part, Paragraph)]
        if name in _FURNITURE:
            self.found.furniture.update(dict.fromkeys(" ".join(text.split()) for text in texts))
        elif name == "footnote":
            outer.notes.append("\n".join(texts).strip())
        else:
            outer.boxes += inner.content

    def _word(self, word: str, number: int | None) -> None:
        starred, self.starred = self.starred, False
        if word in _SKIPPED or (
            starred
            and word not in _STARRED
            and word not in _INFO
            and word not in ("fldinst", "footnote", "cs", "ds", "ts")
        ):
            self.state.destination = "skip"
        elif word in _DESTINATIONS:
            _DESTINATIONS[word](self, word)
        elif word in _CHARACTERS:
            self._text(_CHARACTERS[word])
        elif word in _ACTIONS:
            _ACTIONS[word](self, number)
        elif word in _TOGGLES:
            others = tuple(name for name in self.state.on if name != word)
            self.state.on = others if number == 0 else (*others, word)
        else:
            self._number(word, number or 0)

    def _number(self, word: str, number: int) -> None:
        state = self.state
        if word == "f":
            state.font = number
        elif word == "fs":
            state.size = number
        elif word == "afs" and state.script == "dbch":
            state.asian_size = number
        elif word == "s":
            state.style = number
        elif word == "outlinelevel":
            state.level = number
        elif word == "ilvl":
            state.depth = min(max(number, 0), 20)
        elif word == "uc":
            state.unicode_skip = min(max(number, 0), 10)
        elif word in ("fcharset", "cpg"):
            mono = self.fonts.get(state.font, ("", False))[1]
            codec = codec_of_page(number) if word == "cpg" else codec_of_charset(number, self.codec)
            self.fonts[state.font] = (codec, mono)
        elif word in ("yr", "mo", "dy", "hr", "min") and state.destination in _TIMES:
            self.side += {"yr": "", "mo": "-", "dy": "-", "hr": "T", "min": ":"}[word]
            self.side += f"{number:02d}"
        elif word == "ansicpg":
            self.codec = codec_of_page(number)
        elif word == "cellx":
            self.shape.end_cell(number)

    def unicode(self, number: int | None) -> None:
        """A character by its number, signed 16 bits; what stands for it elsewhere is skipped."""
        code = (number or 0) + (65536 if (number or 0) < 0 else 0)
        if 0 < code < 0x110000:
            self._text(chr(code))
        self.to_skip = self.state.unicode_skip

    def _bytes(self, data: bytes) -> None:
        if self.to_skip:
            skipped = min(self.to_skip, len(data))
            self.to_skip -= skipped
            data = data[skipped:]
        if self.state.destination != "skip":
            self.data += data

    def _flush(self) -> None:
        if self.data:
            codec = self.fonts.get(self.state.font, (self.codec, False))[0] or self.codec
            text = decode_bytes(bytes(self.data), codec, self.codec)
            self.data.clear()
            self._text(text)

    def _text(self, text: str) -> None:
        state = self.state
        if state.destination == "fonttbl":
            if re.search(r"(?i)courier|consol|mono|menlo|typewriter", text):
                self._modern(None)
        elif state.destination == "body" or self._is_sink(state.destination):
            if not {"v", "deleted"} & set(state.on):
                mono = self.fonts.get(state.font, ("", False))[1]
                size, bold = state.size, "b" in state.on
                if any(map(is_spaceless, text[:20])):
                    size, bold = state.asian_size or size, bold or state.asian_bold
                self.sink.runs.append(Run(text, size, bold, mono))
        elif state.destination != "skip":
            self.side += text[: max(10_000 - len(self.side), 0)]

    @staticmethod
    def _is_sink(name: str) -> bool:
        return name in _FURNITURE or name in ("footnote", "shptxt")

    def _paragraph(self, number: int | None = None) -> None:
        """The paragraph ends."""
        del number
        if self.state.destination != "body" and not self._is_sink(self.state.destination):
            return
        sink, state = self.sink, self.state
        text = joined("".join(run.text for run in sink.runs))
        if state.in_table or sink.cells or sink.cell:
            sink.cell.append(text)
        elif text or sink.notes:
            sink.content.append(sink.paragraph(text, state))
            sink.notes = []
        if not (state.in_table or sink.cells or sink.cell):
            sink.content += sink.boxes
            sink.boxes = []
        sink.runs = []
        sink.marker = ""

    def _end_cell(self, number: int | None = None) -> None:
        self._paragraph()
        del number
        lines = (line.strip() for line in self.sink.cell)
        self.sink.cells.append("\n".join(filter(None, lines)))
        self.sink.cell = []

    def _end_row(self, number: int | None = None) -> None:
        del number
        sink = self.sink
        if sink.runs or sink.cell:
            self._end_cell()
        if sink.cells:
            sink.content.append(Row(sink.cells, self.shape))
            sink.cells = []
            sink.content += (Paragraph(note, level=-2) for note in filter(None, sink.notes))
            sink.notes = []
            sink.content += sink.boxes
            sink.boxes = []

    def _new_shape(self, number: int | None) -> None:
        del number
        self.shape = RowShape()

    def _merge(self, letters: str) -> None:
        self.shape.merge += letters

    def _header_row(self, number: int | None) -> None:
        self.shape.header = number != 0

    def _plain(self, number: int | None) -> None:
        del number
        self.state.on, self.state.size, self.state.font = (), 24, self.default_font
        self.state.asian_size, self.state.asian_bold = 0, False

    def _pard(self, number: int | None) -> None:
        del number
        state = self.state
        state.style, state.level, state.depth, state.in_table = 0, -1, -1, False

    def _in_table(self, number: int | None) -> None:
        self.state.in_table = number != 0

    def _nested(self, number: int | None) -> None:
        """A cell or row of a table inside a cell: its text goes on in the outer cell."""
        del number
        self._paragraph()

    def _listed(self, number: int | None) -> None:
        if number and self.state.depth < 0:
            self.state.depth = 0

    def _script(self, name: str) -> None:
        self.state.script = name

    def _associated_bold(self, number: int | None) -> None:
        if self.state.script == "dbch":
            self.state.asian_bold = number != 0

    def _modern(self, number: int | None) -> None:
        del number
        codec = self.fonts.get(self.state.font, (self.codec, False))[0]
        self.fonts[self.state.font] = (codec, True)

    def _default_font(self, number: int | None) -> None:
        self.default_font = self.state.font = number or 0

    def _ansi(self, codec: str) -> None:
        self.codec = codec

    def enter(self, name: str) -> None:
        """The group is the destination of that name."""
        if self.state.destination == "skip":
            return
        self.state.destination = name
        if name in ("listtext", "fldinst") or name in _INFO or name in _TIMES:
            self.side = ""
        if self._is_sink(name) and self.stack:
            state, outer = self.stack[-1]
            if outer is None:
                self.stack[-1] = (state, self.sink)
                self.sink = Sink()
                self._pard(None)

    def enter_body(self, name: str) -> None:
        """The group shows its text after all."""
        del name
        if self.state.destination == "skip" and self.stack:
            self.state.destination = "body"


_DESTINATIONS: dict[str, Callable[[Reader, str], None]] = {
    **dict.fromkeys([*_FURNITURE, *_INFO, *_TIMES], Reader.enter),
    **dict.fromkeys(("fonttbl", "stylesheet", "info", "footnote", "fldinst"), Reader.enter),
    "listtable": Reader.enter, "listoverridetable": Reader.enter, "shptxt": Reader.enter,
    "listtext": Reader.enter,
    "pntext": lambda reader, _: reader.enter("listtext"),
    "ud": Reader.enter_body,
}  # fmt: skip
_ACTIONS: dict[str, Callable[[Reader, int | None], None]] = {
    "par": Reader._paragraph, "sect": Reader._paragraph, "page": Reader._paragraph,
    "cell": Reader._end_cell, "row": Reader._end_row, "trowd": Reader._new_shape,
    "nestcell": Reader._nested, "nestrow": Reader._nested, "trhdr": Reader._header_row,
    "plain": Reader._plain, "pard": Reader._pard, "intbl": Reader._in_table,
    "u": Reader.unicode, "ls": Reader._listed, "fmodern": Reader._modern,
    "deff": Reader._default_font, "ab": Reader._associated_bold,
    "dbch": lambda reader, _: reader._script("dbch"),
    **dict.fromkeys(("loch", "hich", "rtlch", "ltrch"), lambda reader, _: reader._script("")),
    "clmrg": lambda reader, _: reader._merge("h"),
    "clvmgf": lambda reader, _: reader._merge("v"),
    "clvmrg": lambda reader, _: reader._merge("vc"),
    "mac": lambda reader, _: reader._ansi("mac_roman"),
    "pc": lambda reader, _: reader._ansi("cp437"),
    "pca": lambda reader, _: reader._ansi("cp850"),
}  # fmt: skip
