"""Tables of a TOML file, read key by key; what nobody asked for is refused by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.contract import BadInput, NotFound


@dataclass
class Table:
    """A table and where it stands ("study.toml: [systems.wide]"). Every method raises BadInput,
    which names file, table and key."""

    where: str
    data: Mapping[str, object]
    _asked: set[str] = field(default_factory=set)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank; without a default it has to be there."""
        value = self._value(key, default)
        if value == default and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise BadInput(f"{self.where}: {key} has to be a text that is not empty, not {value!r}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise BadInput(f"{self.where}: {key} has to be true or false, not {value!r}")
        return value

    def whole(self, key: str, default: int | None, least: int = 1) -> int | None:
        """A whole number of at least `least`."""
        value = self._value(key, default)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadInput(
                f"{self.where}: {key} has to be a whole number from {least}, not {value!r}"
            )
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty where it is not there."""
        value = self._value(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BadInput(f"{self.where}: {key} has to be a list of texts, not {value!r}")
        return list(value)

    def items(self, key: str) -> list[object]:
        """A list of anything; empty where it is not there."""
        value = self._value(key, [])
        if not isinstance(value, list):
            raise BadInput(f"{self.where}: {key} has to be a list, not {value!r}")
        return list(value)

    def tables(self, key: str) -> dict[str, Table]:
        """The tables below a key, by name; none where it is not there."""
        inner = self.table(key)
        return {name: inner.table(name) for name in inner.data}

    def table(self, key: str) -> Table:
        """The table of a key; empty where it is not there."""
        value = self._value(key, {})
        if not isinstance(value, Mapping):
            raise BadInput(f"{self.where}: {key} has to be a table, not {value!r}")
        file, _, above = self.where.partition(": ")
        path = f"{above.strip('[]')}.{key}" if above else key
        return Table(f"{file}: [{path}]", value)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.data

    def done(self) -> None:
        """Refuses what is there and was not asked for."""
        for key in self.data:
            if key not in self._asked:
                names = sorted(self._asked)
                raise BadInput(
                    f"{self.where}: unknown key {key!r}: {near(key, names) or _choose(names)}"
                )

    def flattened(self) -> dict[str, object]:
        """All values by their dotted names: `{a: {b: 1}}` is `{"a.b": 1}`."""
        return dict(_flattened(self.data, ""))

    def _value(self, key: str, default: object) -> object:
        self._asked.add(key)
        if key in self.data:
            return self.data[key]
        if default is None and key in _REQUIRED:
            raise BadInput(f"{self.where}: {key} is missing: {_REQUIRED[key]}")
        return default


_REQUIRED = {
    "name": "give the experiment a name",
    "path": "name a BEIR or TREC folder, or a .jsonl file of questions",
}


def read_toml(path: Path) -> Table:
    """The file as a table. Raises NotFound, and BadInput with the line that is wrong."""
    import tomllib

    try:
        with path.open("rb") as stream:
            return Table(path.name, tomllib.load(stream))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}: name the TOML file of an experiment") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML ({error}): mend that line") from error


def near(name: str, names: Sequence[str]) -> str:
    """Names like this one, as advice; empty where none is."""
    found = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if not found:
        last = name.rpartition(".")[2]
        found = [one for one in names if one.rpartition(".")[2] == last][:3]
    return f"did you mean {' or '.join(found)}?" if found else ""


def _choose(names: Sequence[str]) -> str:
    return f"choose of {', '.join(names)}"


def _flattened(data: Mapping[str, object], prefix: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            found += _flattened(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found
