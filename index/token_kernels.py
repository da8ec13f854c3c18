"""The inner loop of late interaction, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from index.compiled import compiled
from index.contract import Keys, Vectors
from index.token_codes import LEVELS

AT_ONCE = 4
"""So many vectors are compared with a row at once; their number is a multiple of it."""


@compiled("u1[,]", "f4[]", "i8[]", "f4[,]", "f4[,]=", reassociates=True)
def take_best(
    nibbles: npt.NDArray[np.uint8], steps: Vectors, starts: Keys, vectors: Vectors, best: Vectors
) -> None:
    """Raises `best`, shape (chunks, vectors), to the greatest product of each vector with a row
    of each chunk; the rows of a chunk begin at its place in `starts`. The number at a row's
    column j is the lower half of byte j less LEVELS, times the row's step, and that at width + j
    the upper half: so are the vectors."""
    width = nibbles.shape[1]
    row = np.empty(2 * width, dtype=np.float32)
    for chunk in range(len(starts)):
        end = starts[chunk + 1] if chunk + 1 < len(starts) else len(nibbles)
        for place in range(starts[chunk], end):
            for column in range(width):
                byte = nibbles[place, column]
                row[column] = np.float32(byte & 15) - np.float32(LEVELS)
                row[width + column] = np.float32(byte >> 4) - np.float32(LEVELS)
            step = steps[place]
            for one in range(0, len(vectors), AT_ONCE):
                first = second = third = fourth = np.float32(0)
                for column in range(2 * width):
                    number = row[column]
                    first += number * vectors[one, column]
                    second += number * vectors[one + 1, column]
                    third += number * vectors[one + 2, column]
                    fourth += number * vectors[one + 3, column]
                best[chunk, one] = max(best[chunk, one], first * step)
                best[chunk, one + 1] = max(best[chunk, one + 1], second * step)
                best[chunk, one + 2] = max(best[chunk, one + 2], third * step)
                best[chunk, one + 3] = max(best[chunk, one + 3], fourth * step)
