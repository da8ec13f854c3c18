from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import warnings
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import bounds
from ingest.bounds import Budget, Exhausted
from ingest.contract import Failure, PasswordNeeded, Source, UnreadableFile
from ingest.member_names import UnsafeName, decode_names, numbered, safe_path, shown_in_id
from ingest.pipeline import is_container, unpacked
from ingest.reasons import LONGEST_REASON, one_line, with_one_line
from ingest.unpack.compressed import CompressedUnpacker
from ingest.unpack.tar import TarUnpacker
from ingest.unpack.zip import ZipUnpacker

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that come twice are what is tested
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def zipped_raw(names: list[bytes], data: bytes = b"data") -> bytes:
    """An archive whose names are these bytes, with no encoding stated."""
    plain = [f"{number:02}" + "x" * (len(name) - 2) for number, name in enumerate(names)]
    packed = zipped(*((name, data) for name in plain))
    for name, raw in zip(plain, names, strict=True):
        packed = packed.replace(name.encode(), raw)
    return packed


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def members(data: bytes, name: str = "a.zip") -> list[Source | Failure]:
    return list(unpacked(Source(name, data, name)))


def ids(found: list[Source | Failure]) -> list[str]:
    return [member.document_id for member in found if isinstance(member, Source)]


def reasons(found: list[Source | Failure]) -> list[str]:
    return [member.reason for member in found if isinstance(member, Failure)]


def test_members_of_a_zip_in_order() -> None:
    found = members(zipped(("b/报告.txt", b"one"), ("a.txt", b"two"), ("d/", b"")))
    assert ids(found) == ["a.zip/b/报告.txt", "a.zip/a.txt"]
    first = found[0]
    assert isinstance(first, Source)
    assert (first.name, first.data, first.metadata) == ("报告.txt", b"one", {"container": "a.zip"})


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_of_the_library(method: int) -> None:
    found = members(zipped(("a.txt", b"words " * 99), method=method))
    assert [m.data for m in found if isinstance(m, Source)] == [b"words " * 99]


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["报告.txt", "简历/张三.docx"], "gbk"),
        (["鑫淼公司.txt"], "gbk"),
        (["報告書.txt", "會議紀錄.doc"], "big5"),
        (["テスト資料.txt", "見積書です.doc"], "cp932"),
        (["报告.txt", "Müller.txt"], "utf-8"),
        (["Müller.txt", "Café/résumé.doc"], "cp437"),
        (["plain.txt"], "ascii"),
    ],
)
def test_names_without_a_stated_encoding(names: list[str], encoding: str) -> None:
    raw = [name.encode(encoding) for name in names]
    assert decode_names(raw) == names
    assert ids(members(zipped_raw(raw))) == [f"a.zip/{name}" for name in names]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_a_tar(form: int) -> None:
    data = tarred(("b/报告.txt", b"one"), ("c" * 90 + ".txt", b"two" * 9999), form=form)
    found = members(data, "a.tar")
    assert ids(found) == ["a.tar/b/报告.txt", f"a.tar/{'c' * 90}.txt"]
    assert [m.data for m in found if isinstance(m, Source)] == [b"one", b"two" * 9999]


@pytest.mark.parametrize("ending", sorted(COMPRESSORS))
def test_compressed_tar_and_single_file(ending: str) -> None:
    pack = COMPRESSORS[ending]
    archive = pack(tarred(("x.txt", b"one"), ("y.txt", b"two" * 9999)))
    assert ids(members(archive, f"a.tar.{ending}")) == [
        f"a.tar.{ending}/x.txt",
        f"a.tar.{ending}/y.txt",
    ]
    single = pack(b"some words")
    (found,) = members(single, f"note.txt.{ending}")
    assert isinstance(found, Source)
    assert (found.document_id, found.name) == (f"note.txt.{ending}/note.txt", "note.txt")
    twice = members(single + single, f"note.txt.{ending}")
    assert [m.data for m in twice if isinstance(m, Source)] == [b"some words" * 2]
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        members(single[:-9], f"note.txt.{ending}")
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        members(archive[: len(archive) * 3 // 4], f"a.tar.{ending}")


def test_archives_in_archives_come_out_flat() -> None:
    inner = zipped(("x.txt", b"deep"))
    outer = tarred(("in.zip", inner), ("y.txt", b"words"))
    assert ids(members(gzip.compress(outer), "a.tgz")) == ["a.tgz/in.zip/x.txt", "a.tgz/y.txt"]


def test_what_is_no_container_packs_nothing() -> None:
    assert members(b"Just words.", "a.txt") == []
    assert is_container("application/zip")
    assert not is_container("text/plain")


def test_what_systems_leave_behind_is_passed_over() -> None:
    found = members(zipped(("__MACOSX/._a", b"x"), (".DS_Store", b"x"), (".git/HEAD", b"x")))
    assert found == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../up.txt", "leads out"),
        ("a/../../up.txt", "leads out"),
        ("..\\up.txt", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("C:\\x.txt", "drive"),
        (".\u202e./up.txt", "leads out"),
    ],
)
def test_names_that_lead_out_are_failures(name: str, why: str) -> None:
    data = b"root:x:0:0"
    for packed in (
        zipped((name, data), ("ok.txt", b"fine")),
        tarred((name, data), ("ok.txt", b"fine")),
    ):
        found = members(packed, "a")
        assert ids(found) == ["a/ok.txt"]
        assert len(reasons(found)) == 1
        assert why in reasons(found)[0]
        assert ".." not in found[0].document_id


@given(st.text(max_size=60) | st.text(alphabet="./\\ \u202e\x00aC:", max_size=20))
def test_no_path_leads_out(name: str) -> None:
    for path in (shown_in_id(name), _safe(name)):
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert path
        assert "\x00" not in path


def _safe(name: str) -> str:
    try:
        return safe_path(name)
    except UnsafeName:
        return "refused"


def test_absurd_names_are_made_fit() -> None:
    assert safe_path("a\u202ecod.exe") == "acod.exe"
    assert safe_path("./a//b\x00c.txt") == "a/bc.txt"
    long = safe_path("长" * 4000 + ".txt")
    assert len(long) <= 120
    assert long.endswith(".txt")
    assert long != safe_path("长" * 4001 + ".txt")
    assert len(safe_path("/".join(["part"] * 999)[1:])) <= 600
    assert numbered("a/b.txt", 2) == "a/b (2).txt"


def test_repeated_names_are_failures_but_the_first() -> None:
    for packed in (
        zipped(("a.txt", b"1"), ("a.txt", b"2")),
        tarred(("a.txt", b"1"), ("a.txt", b"2")),
    ):
        found = members(packed, "p")
        assert [m.data for m in found if isinstance(m, Source)] == [b"1"]
        assert found[1].document_id == "p/a (2).txt"
        assert "more than once" in reasons(found)[0]


def test_encrypted_member_is_a_failure() -> None:
    packed = bytearray(zipped(("a.txt", b"secret"), ("b.txt", b"open")))
    packed[packed.index(b"PK\x03\x04") + 6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    found = members(bytes(packed))
    assert ids(found) == ["a.zip/b.txt"]
    assert "encrypted" in reasons(found)[0]


def test_links_and_devices_are_never_followed() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind, name in (
            (tarfile.SYMTYPE, "soft"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "tty"),
            (tarfile.BLKTYPE, "disk"), (tarfile.FIFOTYPE, "pipe"),
        ):  # fmt: skip
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "/etc/passwd"
            archive.addfile(entry)
    found = members(buffer.getvalue(), "a.tar")
    assert ids(found) == []
    assert [("link" in r or "device" in r) for r in reasons(found)] == [True] * 5
    link = zipfile.ZipInfo("soft")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    assert "symbolic link" in reasons(members(buffer.getvalue()))[0]


def test_sizes_that_lie_are_failures() -> None:
    data = b"words and more words, as they come"
    for stated in (3, 10_000, 3_000_000_000):
        packed = bytearray(zipped(("a.txt", data), method=zipfile.ZIP_STORED))
        at = packed.index(b"PK\x01\x02") + 24
        packed[at : at + 4] = stated.to_bytes(4, "little")
        found = members(bytes(packed))
        assert ids(found) == []
        assert len(reasons(found)) == 1


def small(source: Source, media_type: str, unpacker: object) -> list[Source | Failure]:
    return list(unpacker.members(source, media_type))  # type: ignore[attr-defined]


def test_bounds_are_named_in_the_reason() -> None:
    many = Source("a", zipped(*((f"{n}.txt", b"x") for n in range(5))), "a")
    with pytest.raises(UnreadableFile, match="more than 4 files, the limit"):
        small(many, "application/zip", ZipUnpacker(max_members=4))
    archive = Source("a", tarred(*((f"{n}.txt", b"x") for n in range(5))), "a")
    with pytest.raises(UnreadableFile, match="more than 4 files, the limit"):
        small(archive, "application/x-tar", TarUnpacker(max_members=4))
    large = Source("a", zipped(("a.txt", b"x" * 3000), ("b.txt", b"x")), "a")
    found = small(large, "application/zip", ZipUnpacker(max_member_bytes=2000))
    assert ids(found) == ["a/b.txt"]
    assert "over the limit of 0 MB for one packed file" in reasons(found)[0]
    packed = Source("a", gzip.compress(b"x" * 3000), "a")
    with pytest.raises(UnreadableFile, match="the limit"):
        small(packed, "application/gzip", CompressedUnpacker(max_member_bytes=2000))


@pytest.mark.parametrize("ending", sorted(COMPRESSORS))
def test_bombs_are_given_up(ending: str) -> None:
    with pytest.raises(UnreadableFile, match="200 times its size"):
        members(COMPRESSORS[ending](bytes(17_200_000)), f"a.{ending}")


def test_what_one_file_unpacks_to_is_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(100, max_members=2)
    budget.take(1)
    budget.take(1)
    with pytest.raises(Exhausted, match="more than 2 files"):
        budget.take(1)
    with pytest.raises(Exhausted, match="200 times"):
        Budget(100).take(17 * bounds.MB)
    with pytest.raises(Exhausted, match="2,048 MB in all"):
        Budget(2**31).take(2**31 + 1)
    # A small file that packs a bomb for each of its members stops as a whole.
    blanks = zipped(*((f"{n}.bin", bytes(9_000_000)) for n in range(4)))
    found: list[Source | Failure] = []
    with pytest.raises(Exhausted):
        for member in unpacked(Source("a", blanks, "a")):
            found.append(member)  # noqa: PERF402 - what came before the end is kept
    assert len(found) < 4


def test_nesting_is_bounded() -> None:
    data = zipped(("x.txt", b"deep"))
    for _ in range(9):
        data = zipped(("in.zip", data))
    (found,) = members(data)
    assert isinstance(found, Failure)
    assert "packed in 6 others, the limit" in found.reason


def test_a_broken_archive_inside_is_a_failure_of_its_own() -> None:
    whole = zipped(("x.txt", b"deep" * 100))
    found = members(
        tarred(("cut.tar.gz", gzip.compress(whole)[:-20]), ("y.txt", b"words")), "a.tar"
    )
    assert ids(found) == ["a.tar/y.txt"]
    assert reasons(found) == ["the compressed data is cut off: get a whole copy of the file"]


def test_damaged_header_ends_no_tar_silently() -> None:
    data = bytearray(tarred(("a.txt", b"1"), ("b.txt", b"2"), form=tarfile.USTAR_FORMAT))
    data[1024 + 5] ^= 0xFF
    found: list[Source | Failure] = []
    with pytest.raises(UnreadableFile, match="a header is damaged"):
        for member in unpacked(Source("a.tar", bytes(data), "a.tar")):
            found.append(member)  # noqa: PERF402
    assert ids(found) == ["a.tar/a.txt"]


def test_reasons_are_one_line_whatever_a_library_says() -> None:
    long = "a\nb\x00c " + "x" * 5000 + " do this"
    assert one_line("a\nb  c\td\x1b") == "a b c d"
    assert len(one_line(long)) <= LONGEST_REASON
    assert one_line(long).startswith("a b c x")
    assert one_line(long).endswith("do this")
    asked = with_one_line(PasswordNeeded("give\nit"))
    assert isinstance(asked, PasswordNeeded)
    assert str(asked) == "give it"
    fine = UnreadableFile("in order")
    assert with_one_line(fine) is fine
