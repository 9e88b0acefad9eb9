"""Orders at and beside each limit, and bytes that are no order, as the supervisor reads or refuses them.

``readings`` gives a digest of all answers. Run as a program this file writes down what is so now.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from supervisor_histories import MODELS, ONCE, ORDERS, PATIENT, PERIODIC, Digest, values
from supervisor_rig import CONTINUOUS, DAY, FIGURES, HOUR, PULSE, order, plain

from thecal.pump.supervisor import read_order
from thecal.pump.supervisor.journal import GROWTH

FILE = Path(__file__).parent / "data" / "supervisor_readings.json"
MINUTE = 60_000
TOP, WEEK = 2**63 - 1, 7 * DAY
NUMBERS = (-1, 0, 1, TOP, TOP + 1, True, 1.5, "1", None)


NAMES = ("", "a", "-a", "a b", 5)


def changed() -> Iterator[dict[str, object]]:
    yield from _heads()
    yield from _numbers()
    yield from _more_numbers()
    yield from _programs()
    yield from _parts()
    yield from _caps()
    yield from _formularies()


def _heads() -> Iterator[dict[str, object]]:
    names = ("", "a", "-a", "a" * 80, "a" * 81, "a b", 5)
    yield {}
    for name, value in product(("id", "patient"), names):
        yield {name: value}
    for author in ("", " ", "x", " x", "x" * 120, "x" * 121, "a\nb", 3):
        yield {"author": author}
    for name, number in product(("format", "written", "anchor"), (*NUMBERS, 2)):
        yield {name: number}
    for route in ("intrathecal", "epidural", "intravenous", "oral", "nasal", 1):
        yield {"route": route}
    for concentration in (*NUMBERS, 10_000_001):
        yield {"solution": [["m", concentration]]}
        yield {"solution": [["morphine", 10_000_000], ["b", concentration]]}
    for solution in ([], [["m", 1], ["m", 2]], [["m", 1, 2]], [["", 1]], [[1, 1]], {"m": 1}, ["m1"]):
        yield {"solution": solution}


def _numbers() -> Iterator[dict[str, object]]:
    for number in NUMBERS:
        yield {"program": {"kind": "simple_continuous", "dose": number}}
        yield {"program": {"kind": "minimum_rate", "flow": number}}
        yield {"program": {"kind": "multi_rate", "steps": [[0, number], [5, 7]]}}
        yield {"program": {"kind": "multi_rate", "steps": [[0, 5], [number, 7]]}}
        for field in ("bolus", "every", "over", "basal"):
            yield {"program": PERIODIC | {field: number}}
        for field in ("dose", "over", "lockout", "count", "window", "from"):
            yield {"patient_bolus": PATIENT | {field: number}}
            yield {"patient_bolus": {name: value for name, value in PATIENT.items() if name != field}}
        for once in ONCE:
            for field in once:
                yield {"once": {**once, field: number}}


def _more_numbers() -> Iterator[dict[str, object]]:
    for number in NUMBERS:
        for field in ("hour", "day", "four_hours", "week"):
            yield {"caps": {"hour": 80 * PULSE, "day": 1_700 * PULSE, field: number}}
        yield {"once": {"kind": "bridge", "concentration": 5, "steps": [[number, 60_000]]}}
        yield {"once": {"kind": "bridge", "concentration": 5, "steps": [[HOUR, number]]}}
        yield {"safety": {"fallback": number, "reactions": []}}
        yield {"safety": {"fallback": 1, "reactions": number}}


def _programs() -> Iterator[dict[str, object]]:
    for steps in (
        [],
        [[0, 0]],
        [[0, 5], [0, 6]],
        [[0, 5], [9, 5], [8, 5]],
        [[1, 5]],
        [[0, 5], [DAY - 1, 1]],
        [[0, 1], [DAY - 1, 7]],
        [[0, 5], [DAY, 1]],
    ):
        yield {"program": {"kind": "multi_rate", "steps": steps}}
    late = [[0, 0], [6 * HOUR, 1_800 * PULSE], [7 * HOUR, 900 * PULSE + 1], [10 * HOUR, 5], [11 * HOUR, 7 * PULSE + 3]]
    for first in (0, 3 * PULSE + 1):
        yield {"program": {"kind": "multi_rate", "steps": [[0, first], *late[1:]]}}
        yield {"program": {"kind": "multi_rate", "steps": [[0, 7], *[[DAY - at, dose] for at, dose in late[:0:-1]]]}}
    for count in (48, 49):
        yield {"program": {"kind": "multi_rate", "steps": [[k, 10**9 + k] for k in range(count)]}}
    for every, over in ((WEEK, 1), (WEEK + 1, 1), (HOUR, HOUR), (HOUR, HOUR + 1), (HOUR + 1, HOUR)):
        yield {"program": PERIODIC | {"every": every, "over": over, "bolus": PULSE}}
    for flow in (47_999, 48_000, 48_001):
        yield {"program": {"kind": "minimum_rate", "flow": flow}}


def _parts() -> Iterator[dict[str, object]]:
    for length, volume in ((WEEK, 250), (WEEK + 1, 249), (1, 100_000), (2, 100_001)):
        yield {"once": {"kind": "temporary", "dose": 0, "length": length}}
        yield {"once": {"kind": "prime", "volume": volume, "over": 1}}
    for dose in (PULSE - 1, PULSE, 2 * PULSE - 1, 2 * PULSE):
        yield {"once": {"kind": "bolus", "dose": dose, "over": 1}}
        yield {"patient_bolus": PATIENT | {"dose": dose}}
    kinds: tuple[object, ...] = ("nothing", None, [], "temporary")
    for kind in kinds:
        yield {"once": {"kind": kind}}
        yield {"program": {"kind": kind}}
    for reaction in (
        ["motor_stall", "stop"], ["motor_stall", "faster"], ["over_delivery", "stop"], ["free_flow", "stop"], ["a"],
        ["actuator_fault", "stop"], ["reservoir_empty", "stop"], ["Motor", "stop"], ["a" * 40, "stop"],
        ["a" * 41, "stop"], [1, "stop"],
        *(["motor_stall", action] for action in ("continue", "basal_only", "fallback", "min_rate", 1)),
    ):  # fmt: skip
        for fallback in (None, 0, 5):
            yield {"safety": {"fallback": fallback, "reactions": [reaction]}}
            yield {"safety": {"fallback": fallback, "reactions": [["sensor_fault", "stop"], reaction, reaction]}}
    yield {"safety": {"fallback": None, "reactions": []}}
    yield {"safety": {"fallback": 1}}


def _formularies() -> Iterator[dict[str, object]]:
    whole: dict[str, object] = {"version": "2026.1", "populations": [], "signed": []}
    row = ["morphine", "intrathecal", "dose", "adult", 5, "Dr Example"]
    changes: list[dict[str, object]] = [{}, {"x": 1}, {"populations": ["adult", "a b"]}, {"populations": "adult"}]
    changes += [{"version": version} for version in ("", 5, None, "a" * 81)]
    changes += [{"populations": populations} for populations in ([], ["adult"], ["adult", 5], {"adult": 1})]
    tables: tuple[object, ...] = ({}, 5, [5], ["abcdef"], [row], [row, row], [row[:5]], [[*row, 1]])
    changes += [{"signed": table} for table in tables]
    for place, values_ in enumerate((NAMES, NAMES, NAMES, NAMES, NUMBERS, ("", "x" * 120, "x" * 121, 5, " "))):
        changes += [{"signed": [[*row[:place], value, *row[place + 1 :]]]} for value in values_]
    for change in changes:
        yield {"formulary": whole | change}
    for name in whole:
        yield {"formulary": {key: value for key, value in whole.items() if key != name}}


def _caps() -> Iterator[dict[str, object]]:
    hour, four = -(-1_600 * PULSE // 24), -(-4 * 1_600 * PULSE // 24)
    for less in (-1, 0):
        yield {"caps": {"hour": hour + less, "day": 1_700 * PULSE}}
        yield {"caps": {"hour": 80 * PULSE, "four_hours": four + less, "day": 1_700 * PULSE}}
        yield {"caps": {"hour": 80 * PULSE, "day": 1_600 * PULSE + less}}
        yield {"caps": {"hour": 80 * PULSE, "day": 1_700 * PULSE, "week": 7 * 1_600 * PULSE + less}}
    yield {"caps": {"hour": 80 * PULSE}}
    yield {"caps": {"hour": 80 * PULSE, "day": 1_700 * PULSE, "month": 1}}
    for extra in ("x", "kind"):
        yield {extra: 1}
        yield {"program": {**CONTINUOUS, extra + "y": 1}}


def raw() -> Iterator[bytes]:
    good = order()
    yield from (
        b"",
        b"{",
        b"[]",
        b"5",
        good + b" ",
        b" " + good,
        good.replace(b'"', b"'"),
        b"[" * 5_000,
        b"\xff",
        b"NaN",
    )
    for size in (16_383, 16_384, 16_385):
        long = order(patient="p", id="q" * 10)
        yield long + b"x" * (size - len(long))
    for name in plain():
        yield order(**{name: None})
    once = {"once": ONCE[0], "formulary": {"populations": [], "signed": [], "version": "1"}}
    for apart in ((",", ":"), (", ", ":"), (",", ": ")):
        yield json.dumps(plain(**once), sort_keys=True, separators=apart).encode()
        yield json.dumps(plain(**once), separators=apart).encode()  # keys as they come
    yield order(author="\u00e9").replace(b"\\u00e9", b"\xc3\xa9")
    yield order(author="\u00e9")
    yield order(written=0).replace(b'"written":0', b'"written":-0')
    yield order(written=0).replace(b'"written":0', b'"written":0,"written":0')
    yield order(written=0).replace(b'"written":0', b'"written":NaN')


def read(data: bytes) -> Any:
    try:
        found = read_order(data, FIGURES)
    except ValueError as error:
        return str(error)
    spans = [
        found.most(length) for length in (1, MINUTE, 10 * MINUTE, HOUR, HOUR + 1, 7 * HOUR, DAY - 1, DAY, 3 * DAY + 5)
    ]
    return [values(found), spans]


def readings() -> str:
    told = Digest()
    for data in (*(order(**each) for each in changed()), *raw(), *ORDERS):
        told.add(read(data))
    told.add(GROWTH, [figures.spacing_ms for figures in MODELS])
    return told.text()


if __name__ == "__main__":
    FILE.write_text(json.dumps({"readings": readings()}, indent=1) + "\n", "utf-8")
