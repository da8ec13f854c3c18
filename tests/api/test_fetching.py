"""Documents by URL: what is fetched, and what nobody can have fetched."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.fetching import MAX_REDIRECTS, Fetched, FetchLimits, allows, fetch, may_reach, name_of
from ingest.contract import BadInput, Unavailable

SECRET = b"the secret of a service on this machine"


class Pages(BaseHTTPRequestHandler):
    """A web server with what a hostile one might do."""

    seen: list[dict[str, Any]]

    def do_GET(self) -> None:
        self.server.seen.append({"path": self.path, **dict(self.headers)})  # type: ignore[attr-defined]
        path, _, query = self.path.partition("?")
        getattr(self, "page_" + path.strip("/").partition("/")[0].replace(".", "_"))(query)

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page_plain_txt(self, _: str) -> None:
        self._send(200, b"plain words", Content_Type="text/plain; charset=utf-8")

    def page_docs(self, _: str) -> None:
        disposition = "attachment; filename*=UTF-8''..%2F..%2Fetc%2F%E6%89%8B%E5%86%8C.md"
        self._send(200, b"# a", Content_Type="text/markdown", Content_Disposition=disposition)

    def page_page(self, _: str) -> None:
        self._send(200, b"<p>x", Content_Type="text/html", Set_Cookie="a=b; Path=/")

    def page_to(self, query: str) -> None:
        self._send(302, Location=query, Set_Cookie="a=b; Path=/")

    def page_round(self, query: str) -> None:
        left = int(query)
        self._send(302, Location=f"/round?{left - 1}" if left else "/plain.txt")

    def page_status(self, query: str) -> None:
        self._send(int(query), SECRET)

    def page_endless(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _number in range(1_000):
            self.wfile.write(bytes(2**16))

    def page_announced(self, _: str) -> None:
        self._send(200, b"x", Content_Length=str(10**12))

    def page_short(self, _: str) -> None:
        self._send(200, b"only a part", Content_Length="100")

    def page_gzip(self, _: str) -> None:
        self._send(200, b"\x1f\x8b", Content_Encoding="gzip")

    def page_slow(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _number in range(100):
            self.wfile.write(b".")
            time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what this file is about."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Any]:
    server = Server(("127.0.0.1", 0), Pages)
    server.seen = []  # type: ignore[attr-defined]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def web() -> Iterator[Any]:
    with serving() as server:
        yield server


@pytest.fixture
def here(web: Any) -> str:
    web.seen.clear()
    return f"http://127.0.0.1:{web.server_port}"


HERE = ("127.0.0.1:*", "localhost:*")
INTRANET = FetchLimits(HERE, HERE, max_bytes=2**20, timeout_s=20)
PUBLIC = FetchLimits(("*", "*:*", "[::1]:*"), timeout_s=20)


def test_a_document_is_fetched_with_its_name_and_type(here: str, tmp_path: Path) -> None:
    target = tmp_path / "0"
    found = fetch(f"{here}/plain.txt?token=1#part", target, INTRANET)
    assert found == Fetched("plain.txt", "text/plain", 11, f"{here}/plain.txt?token=1#part")
    assert target.read_bytes() == b"plain words"
    assert fetch(f"{here}/docs", target, INTRANET).name == "手册.md"
    assert fetch(f"{here}/page", target, INTRANET).name == "page.html"
    assert fetch(f"{here}/to?/docs", target, INTRANET).final_url == f"{here}/docs"
    assert target.read_bytes() == b"# a"


def test_nothing_of_this_machine_is_sent(
    web: Any, here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://user:word@127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    fetch(f"{here}/to?/page", tmp_path / "0", INTRANET)
    assert [seen["path"] for seen in web.seen] == ["/to?/page", "/page"]
    for seen in web.seen:
        assert set(seen) <= {"path", "Host", "User-Agent", "Accept", "Accept-Encoding",
                             "Connection"}  # fmt: skip
        assert seen["Host"] == f"127.0.0.1:{web.server_port}"


def test_it_is_off_unless_hosts_are_named(here: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="fetch_hosts"):
        fetch(f"{here}/plain.txt", tmp_path / "0", FetchLimits(()))
    with pytest.raises(BadInput, match="no host that this server fetches from"):
        fetch(f"{here}/plain.txt", tmp_path / "0", FetchLimits(("docs.example.com",), HERE))


@pytest.mark.parametrize(
    ("patterns", "url", "allowed"),
    [
        (["docs.example.com"], "https://docs.example.com/a", True),
        (["docs.example.com"], "http://DOCS.example.com./a", True),
        (["docs.example.com"], "https://docs.example.com:8443/a", False),
        (["docs.example.com:8443"], "https://docs.example.com:8443/a", True),
        (["docs.example.com"], "https://docs.example.com.evil.org/a", False),
        (["docs.example.com"], "https://evil.org/docs.example.com", False),
        (["*.example.com"], "https://a.b.example.com/", True),
        (["*.example.com"], "https://example.com/", False),
        (["*.example.com"], "https://evilexample.com/", False),
        (["*"], "https://anything.org/", True),
        (["*"], "https://anything.org:8080/", False),
        (["*:*"], "https://anything.org:8080/", True),
        (["[::1]:80"], "http://[::1]/", True),
        (["[::1]"], "http://[::1]:81/", False),
        (["例え.テスト"], "http://例え.テスト/", True),
        (["xn--r8jz45g.xn--zckzah"], "http://例え.テスト/", True),
    ],
)
def test_hosts_are_named_by_patterns(patterns: list[str], url: str, allowed: bool) -> None:
    assert allows(patterns, httpx.URL(url)) is allowed


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.9.1", "172.31.255.255", "192.168.1.1",
        "100.64.0.1", "169.254.169.254", "0.0.0.0", "0.1.2.3", "192.0.0.192", "192.0.2.1",
        "192.88.99.1", "198.18.0.1", "198.51.100.9", "203.0.113.9", "224.0.0.1", "239.1.1.1",
        "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::1", "2001:db8::1", "fe80::1",
        "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "3fff::1",
    ],
)  # fmt: skip
def test_no_address_of_a_private_or_reserved_network_is_reached(address: str) -> None:
    assert not may_reach(address)


def test_public_addresses_are_reached_and_private_ones_where_it_is_said() -> None:
    for address in ("8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"):
        assert may_reach(address)
    for address in ("127.0.0.1", "10.0.0.1", "::1", "fd12::1"):
        assert may_reach(address, private=True)
    for address in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "fe80::1"):
        assert not may_reach(address, private=True)


TRICKS = (
    "http://127.0.0.1:{port}/plain.txt",
    "http://localhost:{port}/plain.txt",
    "http://LOCALHOST.:{port}/plain.txt",
    "http://2130706433:{port}/plain.txt",
    "http://0x7f000001:{port}/plain.txt",
    "http://0x7f.0.0.1:{port}/plain.txt",
    "http://017700000001:{port}/plain.txt",
    "http://0177.0.0.1:{port}/plain.txt",
    "http://127.1:{port}/plain.txt",
    "http://127.0.1:{port}/plain.txt",
    "http://127.0.0.1.:{port}/plain.txt",
    "http://127。0。0。1:{port}/plain.txt",
    "http://１２７.0.0.1:{port}/plain.txt",
    "http://①②⑦.0.0.1:{port}/plain.txt",
    "http://0:{port}/plain.txt",
    "http://0.0.0.0:{port}/plain.txt",
    "http://[::1]:{port}/plain.txt",
    "http://[::]:{port}/plain.txt",
    "http://[::ffff:127.0.0.1]:{port}/plain.txt",
    "http://[::ffff:7f00:1]:{port}/plain.txt",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/plain.txt",
    "http://[64:ff9b::127.0.0.1]:{port}/plain.txt",
    "http://[2002:7f00:1::]:{port}/plain.txt",
    "http://169.254.169.254/latest/meta-data/",
    "http://user:word@127.0.0.1:{port}/plain.txt",
    "http://example.com@127.0.0.1:{port}/plain.txt",
    "http://example.com%40127.0.0.1:{port}/plain.txt",
    "http://127.0.0.1:{port}\\@example.com/plain.txt",
    "http://example.com\\@127.0.0.1:{port}/plain.txt",
    "http://127.0.0.1:{port}/plain.txt\r\nX-Injected: 1",
    "http://127.0.0.1:{port}/\x00plain.txt",
    "http://127.0.0.1\t:{port}/plain.txt",
    "http:127.0.0.1:{port}/plain.txt",
    "http:///127.0.0.1:{port}/plain.txt",
    "//127.0.0.1:{port}/plain.txt",
    "127.0.0.1:{port}/plain.txt",
    "http://127.0.0.1:0/plain.txt",
    "http://127.0.0.1:99999/plain.txt",
    "http://[::1/plain.txt",
    "http://127.0.0.1%00.example.com:{port}/plain.txt",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:{port}/_GET%20/plain.txt",
    "ftp://127.0.0.1:{port}/plain.txt",
    "dict://127.0.0.1:{port}/x",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "http+unix://%2Ftmp%2Fx/",
    "",
    "http://",
    "http://127.0.0.1:{port}/" + "a" * 3_000,
)


@pytest.mark.parametrize("trick", TRICKS)
def test_no_spelling_of_this_machine_is_reached(
    trick: str, web: Any, here: str, tmp_path: Path
) -> None:
    # Unavailable: where the machine's own resolver knows no such name.
    with pytest.raises((BadInput, Unavailable)) as caught:
        fetch(trick.replace("{port}", str(web.server_port)), tmp_path / "0", PUBLIC)
    assert web.seen == []
    assert list(tmp_path.iterdir()) == []
    assert "user:word" not in str(caught.value)


@pytest.mark.parametrize("trick", [t for t in TRICKS if "{port}" in t and "://" in t])
def test_no_redirect_leads_to_it_either(trick: str, web: Any, here: str, tmp_path: Path) -> None:
    limits = FetchLimits(("*:*", "[::1]:*"), ("127.0.0.1:1",), timeout_s=20)
    first = FetchLimits(limits.hosts, (f"127.0.0.1:{web.server_port}",), timeout_s=20)
    to = trick.replace("{port}", "9").replace("\r\n", "%0d%0a").replace("\x00", "%00")
    with pytest.raises((BadInput, Unavailable)):
        fetch(f"{here}/to?{to}", tmp_path / "0", first)
    assert len(web.seen) <= 2  # where it is a path of the same server, that has no such page
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_checked_anew_and_end(web: Any, here: str, tmp_path: Path) -> None:
    only = FetchLimits(("127.0.0.1:*",), HERE, timeout_s=20)
    with pytest.raises(BadInput, match="no host that this server fetches from"):
        fetch(f"{here}/to?http://localhost:{web.server_port}/plain.txt", tmp_path / "0", only)
    with pytest.raises(BadInput, match="only http"):
        fetch(f"{here}/to?file:///etc/passwd", tmp_path / "0", INTRANET)
    with pytest.raises(BadInput, match="user name"):
        fetch(f"{here}/to?http://a:b@127.0.0.1:{web.server_port}/", tmp_path / "0", INTRANET)
    assert len(web.seen) == 3
    assert fetch(f"{here}/round?{MAX_REDIRECTS - 1}", tmp_path / "0", INTRANET).size == 11
    with pytest.raises(BadInput, match="on and on"):
        fetch(f"{here}/round?{MAX_REDIRECTS}", tmp_path / "0", INTRANET)


def test_a_name_is_looked_up_once_and_the_address_found_is_used(
    web: Any, here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def changing(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        """As a server of names does that rebinds: another address each time."""
        name = host.decode() if isinstance(host, bytes) else host
        if name != "rebound.test":
            return real(host, port, *rest, **more)
        asked.append(name)
        found = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return real(found, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    hosts = ("rebound.test:*",)
    url = f"http://rebound.test:{web.server_port}/plain.txt"
    assert fetch(url, tmp_path / "0", FetchLimits(hosts, hosts, timeout_s=20)).size == 11
    assert asked == ["rebound.test"]
    assert web.seen[0]["Host"] == f"rebound.test:{web.server_port}"
    with pytest.raises(BadInput, match="private or reserved"):
        fetch(url, tmp_path / "1", FetchLimits(hosts, hosts, timeout_s=20))


@pytest.mark.parametrize(
    ("page", "kind", "says"),
    [
        ("status?404", BadInput, "404"),
        ("status?403", BadInput, "403"),
        ("status?204", BadInput, "204"),
        ("status?500", Unavailable, "500"),
        ("status?429", Unavailable, "429"),
        ("endless", BadInput, "over 1 MB"),
        ("announced", BadInput, "over 1 MB"),
        ("short", Unavailable, "broke off"),
        ("gzip", BadInput, "compressed"),
    ],
)
def test_what_cannot_be_had_leaves_no_file(
    page: str, kind: type[Exception], says: str, here: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=says) as caught:
        fetch(f"{here}/{page}", tmp_path / "0", INTRANET)
    assert list(tmp_path.iterdir()) == []
    assert SECRET.decode() not in str(caught.value)


def test_a_host_that_drips_or_is_silent_is_given_up(here: str, tmp_path: Path) -> None:
    limits = FetchLimits(HERE, HERE, timeout_s=0.3)
    with pytest.raises(Unavailable, match="within"):
        fetch(f"{here}/slow", tmp_path / "0", limits)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Unavailable):
            fetch(f"http://127.0.0.1:{port}/", tmp_path / "0", limits)
    with pytest.raises(Unavailable, match="does not answer"):
        fetch(f"http://127.0.0.1:{port}/", tmp_path / "0", INTRANET)
    assert list(tmp_path.iterdir()) == []


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate for a name, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def test_a_certificate_is_checked_for_the_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    target = tmp_path / "0"
    with serving(context) as server:
        url = f"https://localhost:{server.server_port}/plain.txt"
        with pytest.raises(Unavailable, match=r"(?i)certificate"):
            fetch(url, target, INTRANET)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert fetch(url, target, INTRANET).size == 11
        assert asked == ["localhost", "localhost"]
        assert server.seen[0]["Host"] == f"localhost:{server.server_port}"
        with pytest.raises(Unavailable, match=r"(?i)certificate"):
            fetch(f"https://127.0.0.1:{server.server_port}/plain.txt", target, INTRANET)
        with pytest.raises(BadInput, match="from https to http"):
            fetch(f"https://localhost:{server.server_port}/to?http://localhost/", target, INTRANET)


@pytest.mark.parametrize(
    ("path", "disposition", "media_type", "name"),
    [
        ("/a/b.pdf", "", "application/pdf", "b.pdf"),
        ("/a/%E6%89%8B%E5%86%8C.pdf", "", "", "手册.pdf"),
        ("/a/..%2f..%2fpasswd", "", "text/plain", "passwd.txt"),
        ("/", "", "text/html", "docs.example.com.html"),
        ("/", 'attachment; filename="..\\..\\x.doc"', "", "x.doc"),
        ("/", 'attachment; filename="a\r\nSet-Cookie: b"', "text/plain", "aSet-Cookie: b.txt"),
        ("/", "attachment; filename*=utf-8''%0d%0aa.txt", "", "a.txt"),
        ("/x", 'attachment; filename=""', "text/csv", "x.csv"),
        ("/..", "", "", "docs.example.com"),
        ("/a%00b.txt", "", "", "ab.txt"),
        ("/" + "n" * 500 + ".pdf", "", "", "n" * 190 + ".pdf"),
    ],
)
def test_names_are_no_paths(path: str, disposition: str, media_type: str, name: str) -> None:
    url = httpx.URL(f"https://docs.example.com{path}")
    assert name_of(url, disposition, media_type) == name
