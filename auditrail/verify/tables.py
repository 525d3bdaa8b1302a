"""A TOML table that knows which of its keys were asked for: every other one is an error that names it."""

from __future__ import annotations

from typing import Any

from auditrail.errors import ConfigError


class Table:
    """One table; all methods raise ConfigError on a value of the wrong type, and name the key."""

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: expected a table")
        self._table = table
        self._where = where
        self._asked: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._table)

    def where(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def raw(self, key: str, kind: Any, default: Any) -> Any:
        self._asked.add(key)
        value = self._table.get(key, default)
        if value is not default and not isinstance(value, kind):
            raise ConfigError(f"{self.where(key)}: a value of the wrong type")
        return value

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self.raw(key, str, default)
        return value if value is None else str(value)

    def needed(self, key: str) -> str:
        value = self.text(key)
        if not value:
            raise ConfigError(f"{self.where(key)}: missing")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw(key, list, [])
        if not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{self.where(key)}: expected a list of texts")
        return tuple(value)

    def number(self, key: str) -> int | None:
        value = self.raw(key, int, None)
        if isinstance(value, bool) or (isinstance(value, int) and value < 0):
            raise ConfigError(f"{self.where(key)}: expected a number from 0 on")
        return value if value is None else int(value)

    def truth(self, key: str, default: bool) -> bool:
        return bool(self.raw(key, bool, default))

    def one_of(self, key: str, known: tuple[str, ...], default: str) -> str:
        value = self.text(key, default) or default
        if value not in known:
            raise ConfigError(f"{self.where(key)}: {value!r} is not known", hint=f"known: {', '.join(known)}")
        return value

    def table(self, key: str) -> Table:
        return Table(self.raw(key, dict, {}), self.where(key))

    def tables(self, key: str) -> list[Table]:
        return [Table(item, f"{self.where(key)}[{n}]") for n, item in enumerate(self.raw(key, list, []))]

    def done(self) -> None:
        unknown = sorted(set(self._table) - self._asked)
        if unknown:
            raise ConfigError(
                f"{self.where(unknown[0])}: unknown key", hint=f"known here: {', '.join(sorted(self._asked))}"
            )
