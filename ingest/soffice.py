"""Conversion of documents by LibreOffice, where it is installed.

It runs without a window, with a profile of its own that is thrown away, with macros and links
off, within a time limit, and is killed with all its children.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from ingest.contract import UnreadableFile

PROGRAMS = ("soffice", "libreoffice")
MAX_OUTPUT = 512 << 20
_OFFICE = "/org.openoffice.Office"
_SETTINGS = (
    (f"{_OFFICE}.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    (f"{_OFFICE}.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    (f"{_OFFICE}.Common/Security/Scripting", "DisableActiveContent", "true"),
    (f"{_OFFICE}.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    (f"{_OFFICE}.Writer/Content/Update", "Link", "2"),
    (f"{_OFFICE}.Calc/Content/Update", "Link", "2"),
    ("/org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
"""Macros off, links never updated, and a proxy where nobody listens, so that nothing is fetched."""


def installed() -> str:
    """The path of LibreOffice's program, "" where it is not installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), "")


def converted(data: bytes, name: str, suffix: str, target: str, timeout_s: float) -> bytes:
    """The bytes of the document in another format. `suffix` is what the document is (".doc"),
    `target` what it is to become ("docx").

    Raises UnreadableFile where LibreOffice is missing, takes longer than `timeout_s`, or makes
    nothing of the file.
    """
    program = installed()
    if not program:
        raise UnreadableFile(
            f"{name}: files of this old format are read through LibreOffice, which is not "
            f"installed: install it, or save the file as {target.upper()}"
        )
    with tempfile.TemporaryDirectory(prefix="braid-office-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        given, out, profile = root / f"in{suffix}", root / "out", root / "profile"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_settings(), encoding="utf-8")
        given.write_bytes(data)
        out.mkdir()
        command = [
            *_limited(timeout_s),
            program,
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--nodefault",
            "--nologo",
            "--convert-to",
            target,
            "--outdir",
            str(out),
            str(given),
        ]
        said = _run(command, root, name, timeout_s)
        made = out / f"in.{target}"
        if not made.is_file():
            reason = re.sub(r"\s+", " ", said.replace(str(root), "")).strip()[-200:]
            raise UnreadableFile(
                f"{name}: LibreOffice could not read it ({reason or 'no reason given'}): open it "
                f"in the program that made it and save it as {target.upper()}"
            )
        if made.stat().st_size > MAX_OUTPUT:
            raise UnreadableFile(
                f"{name}: as {target.upper()} it has more than {MAX_OUTPUT >> 20} MiB; split it"
            )
        return made.read_bytes()


def _settings() -> str:
    """The settings of the profile, as LibreOffice writes them down."""
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{setting}</value></prop></item>"
        for path, name, setting in _SETTINGS
    )
    space = 'xmlns:oor="http://openoffice.org/2001/registry"'
    return f'<?xml version="1.0" encoding="UTF-8"?><oor:items {space}>{items}</oor:items>'


def _limited(timeout_s: float) -> list[str]:
    """The command that ends LibreOffice even where we are killed ourselves, if there is one."""
    program = shutil.which("timeout")
    return [program, "--signal=KILL", str(int(timeout_s) + 5)] if program else []


def _run(command: list[str], root: Path, name: str, timeout_s: float) -> str:
    """What the program said. It is killed with its children when the time is over, and when
    the caller is interrupted."""
    environment = {
        key: os.environ[key]
        for key in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
        if key in os.environ
    }
    environment.update(HOME=str(root), TMPDIR=str(root), SAL_USE_VCLPLUGIN="svp")
    process = subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(
            f"{name}: LibreOffice did not finish with it within {timeout_s:.0f} s: save it in a "
            "newer format, or raise the limit"
        ) from error
    finally:
        _kill(process)
    return said.decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
