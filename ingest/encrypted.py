"""Office files that are encrypted with a password: opening them where it is given.

OOXML files lie encrypted in an OLE container (ECMA-376; MS-OFFCRYPTO). Nothing is written to
disk.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from ingest.contract import PasswordNeeded, UnreadableFile

MAX_BYTES = 1024 * 1024 * 1024


def decrypted(data: bytes, passwords: Sequence[str]) -> bytes:
    """The file inside an encrypted Office file, by the first password that opens it. Raises
    PasswordNeeded where none does, UnreadableFile where it is damaged or encrypted in a way that
    is not known."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

    for password in passwords:
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(data))
            file.load_key(password=password, verify_password=True)
            opened = _Bounded()
            file.decrypt(opened)
            return opened.getvalue()
        except (InvalidKeyError, DecryptionError):
            continue
        except UnreadableFile:
            raise
        except Exception as error:  # the library raises what struct, olefile and lxml raise
            raise UnreadableFile(
                "the file is an encrypted Office document that cannot be opened "
                f"({type(error).__name__}: {error}): save it without its password first"
            ) from error
    if passwords:
        raise PasswordNeeded(
            "the Office document is encrypted and no password given opens it: check the password"
        )
    raise PasswordNeeded(
        "the Office document is encrypted; it needs its password: give it, or save a copy without"
    )


class _Bounded(io.BytesIO):
    """Bytes up to a limit."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        if self.tell() + len(data) > MAX_BYTES:
            raise UnreadableFile("the file is larger than what is read once it is decrypted")
        return super().write(data)
