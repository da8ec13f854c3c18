"""Values that get numbers, and names with the numbers of their normal forms.

Tables only grow, and may be read while they do: a number, once given, keeps its value. Nothing
that is derived may depend on the numbers themselves, for they tell what was seen first.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from index.graph.names import has_han, has_legal_form, normal_name, short_forms

T = TypeVar("T", bound=Hashable)
Numbers = npt.NDArray[np.int32]


class Interned(Generic[T]):
    """Values by number."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[T, int] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.values)

    def number(self, value: T) -> int:
        """The number of a value, a new one where it has none."""
        found = self._numbers.get(value)
        if found is not None:
            return found
        with self._lock:
            found = self._numbers.get(value)
            if found is None:
                found = len(self.values)
                self.values.append(value)
                self._numbers[value] = found
            return found

    def find(self, value: T) -> int:
        """The number of a value, -1 where it has none."""
        return self._numbers.get(value, -1)


class Texts(Interned[str]):
    """Strings, which can be put in order."""

    def __init__(self) -> None:
        super().__init__()
        self._sorted: list[int] = []
        self._ranks = np.empty(0, dtype=np.int32)

    def ranks(self) -> Numbers:
        """The place of each string among all, by number."""
        with self._lock:
            count = len(self.values)
            if len(self._ranks) != count:
                # Sorting is fast where most of it is in order already.
                order = [*self._sorted, *range(len(self._sorted), count)]
                order.sort(key=self.values.__getitem__)
                ranks = np.empty(count, dtype=np.int32)
                ranks[order] = np.arange(count, dtype=np.int32)
                self._sorted, self._ranks = order, ranks
            return self._ranks


class Names(Texts):
    """Names as they are written, each with its normal forms."""

    def __init__(self) -> None:
        super().__init__()
        self.forms = Texts()
        self.spellings = Texts()
        self.qualifiers = Texts()
        self._form_of = array("i")
        self._spelling_of = array("i")
        self._qualifier_of = array("i")
        self._has_legal_form = array("b")
        self._is_han = array("b")
        self.parts = Texts()
        self._part_forms = array("i")
        self._forms_met = 0
        self._shortened = array("i")
        self._short = array("i")
        self._short_kind = array("i")
        self._forms_lock = Lock()

    def number(self, value: str) -> int:
        number = super().number(value)
        if number >= len(self._qualifier_of):
            self._take_in(number)
        return number

    def _take_in(self, number: int) -> None:
        with self._forms_lock:
            for name in self.values[len(self._qualifier_of) : number + 1]:
                normal = normal_name(name)
                self._form_of.append(self.forms.number(normal.form))
                if len(self._is_han) < len(self.forms):
                    self._is_han.append(has_han(normal.form))
                self._spelling_of.append(self.spellings.number(normal.spelled))
                self._has_legal_form.append(has_legal_form(normal))
                for kind, short in short_forms(name, normal.form):
                    self._shortened.append(len(self._qualifier_of))
                    self._short.append(self.parts.number(short))
                    self._short_kind.append(kind)
                # Last: its length says how many have all of them.
                self._qualifier_of.append(self.qualifiers.number(normal.qualifier))

    def form_of(self) -> Numbers:
        """The number of the form of each name."""
        return self._copied(self._form_of)

    def spelling_of(self) -> Numbers:
        """The number of the spelling of each name."""
        return self._copied(self._spelling_of)

    def qualifier_of(self) -> Numbers:
        """The number of the qualifier of each name."""
        return self._copied(self._qualifier_of)

    def has_legal_form(self) -> npt.NDArray[np.bool_]:
        """Whether each name ends in the legal form of a company."""
        with self._forms_lock:
            return np.array(self._has_legal_form, dtype=np.bool_)

    def is_han(self) -> npt.NDArray[np.bool_]:
        """Whether there is a Han character in each form."""
        with self._forms_lock:
            return np.array(self._is_han, dtype=np.bool_)

    def short_forms(self) -> tuple[Numbers, Numbers, Numbers]:
        """What names may be cut down to: the name, the form that is left (-1 where nothing has
        it), and the kind of cut."""
        with self._forms_lock:
            for number in range(self._forms_met, len(self.forms)):
                part = self.parts.find(self.forms.values[number])
                if 0 <= part < len(self._part_forms):
                    self._part_forms[part] = number
            self._forms_met = len(self.forms)
            for part in range(len(self._part_forms), len(self.parts)):
                self._part_forms.append(self.forms.find(self.parts.values[part]))
            name, short, kind, forms = (
                np.array(numbers, dtype=np.int32)
                for numbers in (
                    self._shortened,
                    self._short,
                    self._short_kind,
                    self._part_forms,
                )
            )
        return name, forms[short], kind

    def _copied(self, numbers: array[int]) -> Numbers:
        with self._forms_lock:
            return np.array(numbers, dtype=np.int32)
