"""Read a chart for an assessment: a ledger export, or a TOML file of findings (docs/therapy/candidacy.md).

Times in the TOML file are ISO 8601 with a zone, or days, which count from their start (UTC).
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.chart import Chart
from thecal.therapy.door import checked
from thecal.therapy.events import AnyEvent, EventMeta, FactRecorded, HistoryRecorded, PatientRegistered, build, stamp
from thecal.therapy.fold import append
from thecal.therapy.ledger import Ledger

BYTES_MAX = 50_000_000
_DO = "Use a ledger export, or TOML with now, [patient], [[history]] and [[fact]]."


@checked
def read_chart(data: bytes) -> tuple[Chart, int | None]:
    """The chart, and the time (ms) that the file names as now; None for a ledger export.

    Raises Refused naming each fault.
    """
    if len(data) > BYTES_MAX:
        raise Refused(Refusal("too_large", "The file is larger than 50 MB.", "file", "Export one chart."))
    if data.lstrip()[:1] == b"{":
        return Ledger.load(data).chart, None
    try:
        plain = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(
            Refusal("not_a_chart", f"It is neither a ledger export nor TOML: {error}.", "file", _DO)
        ) from None
    return _chart(plain)


def _chart(plain: Mapping[str, Any]) -> tuple[Chart, int]:
    extra = sorted(set(plain) - {"now", "patient", "history", "fact"})
    if extra or "patient" not in plain or "now" not in plain:
        what = f"Unknown: {', '.join(extra)}." if extra else "now or [patient] is missing."
        raise Refused(Refusal("unknown_field", what, "file", _DO))
    now = _time(plain["now"], "now")
    numbers = iter(range(1, 2**31))

    def meta(at: int) -> EventMeta:
        return stamp(now, "file", "nurse", at, lambda count: next(numbers).to_bytes(count))

    fields = {"patient": "patient", "name": "not named", **_table(plain["patient"], "patient")}
    events: list[AnyEvent] = [build(PatientRegistered, meta(now), **fields)]
    for row in _rows(plain, "history"):
        events.append(build(HistoryRecorded, meta(now), **row))
    for row in _rows(plain, "fact"):
        at = _time(row.pop("at", plain["now"]), "fact.at")
        source = row.pop("source", "file")
        events.append(build(FactRecorded, meta(at), fact=_tuples(row), source=source))
    chart = Chart()
    for event in events:
        chart = append(chart, event)
    return chart, now


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(Refusal("not_a_table", f"{where} is not a table.", where, _DO))
    return dict(value)


def _rows(plain: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    rows = plain.get(name, [])
    if not isinstance(rows, list):
        raise Refused(Refusal("not_a_table", f"{name} is not a list of tables.", name, _DO))
    return [_table(row, name) for row in rows]


def _tuples(value: Any) -> Any:
    """Lists as the tuples that events hold, all the way down."""
    if isinstance(value, list):
        return tuple(_tuples(each) for each in value)
    return {name: _tuples(each) for name, each in value.items()} if isinstance(value, dict) else value


def _time(value: Any, where: str) -> int:
    do = "Write a day (2026-03-04) or a time with its zone (2026-03-04T08:00Z)."
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise Refused(Refusal("time", f"{value[:40]!r} is not a time.", where, do)) from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Refused(Refusal("time_zone", f"{value} has no zone.", where, do))
        return int((value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days * 86_400_000
    raise Refused(Refusal("time", f"{str(value)[:40]!r} is not a time.", where, do))
