"""Named arrays in one file, mapped into memory when they are read: the layout of safetensors
(the length of a header in 8 bytes, a header in JSON, the bytes of the arrays)."""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

_TYPES = {"U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "I64": "<i8", "F32": "<f4"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_ALIGNMENT = 8


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Writes the file and has the disk take it. Raises OSError."""
    header: dict[str, Any] = {}
    held = []
    end = 0
    # The widest first: each then begins at a multiple of its width.
    for name, array in sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize):
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.newbyteorder("<")],
            "shape": array.shape,
            "data_offsets": [begin, end],
        }
        held.append(np.ascontiguousarray(array))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with path.open("wb") as handle:
        handle.write(len(text).to_bytes(8, "little") + text)
        for array in held:
            handle.write(array.data.cast("B") if array.size else b"")
        handle.flush()
        os.fsync(handle.fileno())


def read_arrays(path: Path, *, writeable: bool = False) -> Arrays:
    """The arrays of a file, of which only what is used is read. Changing a writeable one changes
    no file. Raises OSError, and ValueError where it is no such file."""
    with path.open("rb") as handle:
        try:
            size = int.from_bytes(handle.read(8), "little")
            header = json.loads(handle.read(size))
        except (MemoryError, OverflowError) as error:
            raise ValueError(f"{path} is no file of arrays") from error
        access = mmap.ACCESS_COPY if writeable else mmap.ACCESS_READ
        data = mmap.mmap(handle.fileno(), 0, access=access)
    return {
        name: np.frombuffer(
            data,
            _TYPES[entry["dtype"]],
            (entry["data_offsets"][1] - entry["data_offsets"][0])
            // np.dtype(_TYPES[entry["dtype"]]).itemsize,
            8 + size + entry["data_offsets"][0],
        ).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }
