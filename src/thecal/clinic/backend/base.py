"""Django's SQLite backend, run on the ``pysqlite3`` package in place of the standard module.

Older system SQLite libraries can corrupt a write-ahead log when several connections write; the packaged
library has that fault mended. ``pysqlite3`` lacks ``Connection.getlimit``, which Django asks for, so the
two limits that it needs are answered here with SQLite's defaults.
"""

import datetime
import decimal
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import tee
from typing import Any

from django.db.backends.sqlite3 import base as stock
from django.db.backends.sqlite3._functions import register as register_functions
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from pysqlite3 import dbapi2

_LIMITS = {sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 32_766, sqlite3.SQLITE_LIMIT_COLUMN: 2_000}

for _name, _convert in (
    ("bool", b"1".__eq__),
    ("date", stock.decoder(parse_date)),
    ("time", stock.decoder(parse_time)),
    ("datetime", stock.decoder(parse_datetime)),
    ("timestamp", stock.decoder(parse_datetime)),
):
    dbapi2.register_converter(_name, _convert)
dbapi2.register_adapter(decimal.Decimal, str)
dbapi2.register_adapter(datetime.date, stock.adapt_date)
dbapi2.register_adapter(datetime.datetime, stock.adapt_datetime)


class Connection(dbapi2.Connection):
    """A connection that can say its limits."""

    def getlimit(self, category: int) -> int:
        """SQLite's default for the limit ``category``. Raises KeyError for one that Django does not use."""
        return _LIMITS[category]


class Cursor(dbapi2.Cursor):
    """A cursor that takes Django's ``%s`` and ``%(name)s`` parameters."""

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement."""
        if params is None:
            return super().execute(query)
        names = list(params) if isinstance(params, Mapping) else None
        return super().execute(_converted(query, names), params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Run one statement for each set of parameters."""
        ahead, rest = tee(iter(param_list))
        first = next(ahead, None)
        names = list(first) if isinstance(first, Mapping) else None
        return super().executemany(_converted(query, names), rest)


class DatabaseWrapper(stock.DatabaseWrapper):
    """The stock wrapper with the module, the connection and the cursor exchanged."""

    Database = dbapi2

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Open a connection and set it up as the stock backend does."""
        connection: Connection = dbapi2.connect(**conn_params, factory=Connection)
        register_functions(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA legacy_alter_table = OFF")
        for command in self.init_commands:  # type: ignore[attr-defined]  # Django sets it; its types do not say so
            if command.strip():
                connection.execute(command.strip())
        return connection

    def create_cursor(self, name: str | None = None) -> Cursor:  # noqa: ARG002 - the name is Django's
        """A cursor on the open connection."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        return cursor


def _converted(query: str, names: list[str] | None) -> str:
    if names is None:
        return stock.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")
    return query % {name: f":{name}" for name in names}
