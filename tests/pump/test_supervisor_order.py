"""The supervisor's own reading of an order: equal to what is written, and nothing else is accepted."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervisor_rig import DAY, FIGURES, HOUR, PULSE, order, plain

from thecal.formulary import Solution
from thecal.pump.prescription import Caps, MultiRate, PeriodicBolus, Prescription, Program, SimpleContinuous, Step
from thecal.pump.supervisor import read_order

MORPHINE = Solution.parse("morphine 10 mg/mL + bupivacaine 5 mg/mL")
doses = st.integers(1, 10**12)
programs = st.one_of(
    st.builds(SimpleContinuous, doses),
    st.tuples(doses, st.integers(1_000, DAY), st.integers(1, DAY), st.integers(0, 10**12)).map(
        lambda four: PeriodicBolus(four[0], max(four[1:3]), min(four[1:3]), four[3])
    ),
    st.tuples(doses, st.dictionaries(st.integers(1, DAY - 1), st.integers(0, 10**12), max_size=6)).map(
        lambda two: MultiRate((Step(0, two[0]), *(Step(start, dose) for start, dose in sorted(two[1].items()))))
    ),
)


@settings(max_examples=150, deadline=None)
@given(programs, st.integers(1, 8 * DAY))
def test_it_reads_what_a_prescription_writes_and_bounds_every_window_alike(program: Program, length: int) -> None:
    written = Prescription("rx", "p", "intrathecal", MORPHINE, program, Caps(2**62, 2**62), 0, "Dr Ä", 0)
    read = read_order(written.to_bytes(), FIGURES)
    assert read.digest == written.digest()
    assert read.pulse_fg == 250 * 10_000_000
    exact = written.worst_window(length)
    assert exact - 2 <= read.most(length) <= exact
    assert read.sums[-1] == sum(mass for _, _, mass in written.segments()[1])
    assert Fraction(read.sums[-1], read.period) == written.dose_rate() / DAY


PARTS: list[tuple[str, dict[str, object]]] = [
    ("patient_bolus", {"dose": PULSE, "over": 1, "lockout": 0, "from": "end", "count": 1, "window": 1}),
    ("once", {"kind": "bolus", "dose": PULSE, "over": 1}),
    ("once", {"kind": "prime", "volume": 250, "over": 1}),
    ("once", {"kind": "bridge", "concentration": 1, "steps": [[1, 0], [HOUR, 24_000]]}),
    ("once", {"kind": "temporary", "dose": 0, "length": 7 * DAY}),
    ("safety", {"fallback": 0, "reactions": []}),
    ("safety", {"fallback": None, "reactions": [["governor_trip", "stop"], ["clock_fault", "continue"]]}),
    ("formulary", {"version": "site-1", "populations": ["cancer"], "signed": [["a", "b", "c", "d", 1, "Dr Ä"]]}),
    ("formulary", {"version": "site-1", "populations": [], "signed": []}),
    ("program", {"kind": "minimum_rate", "flow": 48_000}),
    ("program", {"kind": "stopped"}),
    ("program", {"kind": "periodic_bolus", "bolus": 1, "every": 5, "over": 5, "basal": 0}),
    ("caps", {"hour": 80 * PULSE, "day": 1_600 * PULSE, "four_hours": 280 * PULSE, "week": 11_200 * PULSE}),
]


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_every_part_is_read(name: str, part: dict[str, object]) -> None:
    read = read_order(order(**{name: part}), FIGURES)
    if name == "caps":
        assert read.caps == tuple(part[key] for key in ("hour", "four_hours", "day", "week"))
    assert read.once is (name == "once")
    assert (read.grants is not None) is (name == "patient_bolus")


SIMPLE, MULTI = "simple_continuous", "multi_rate"
WRONG: list[tuple[str, object]] = [
    ("format", 2),
    ("format", True),
    ("id", "-x"),
    ("id", 5),
    ("patient", ""),
    ("author", ""),
    ("author", "a\nb"),
    ("author", "x" * 121),
    ("author", 1),
    ("written", -1),
    ("written", 1.0),
    ("anchor", 2**63),
    ("route", "skin"),
    ("route", []),
    ("solution", []),
    ("solution", {}),
    ("solution", [["morphine"]]),
    ("solution", ["morphine"]),
    ("solution", [["morphine", 0]]),
    ("solution", [["", 1]]),
    ("solution", [[[], 1]]),
    ("solution", [["a", 1], ["a", 1]]),
    ("program", []),
    ("program", {"kind": []}),
    ("program", {"kind": "drip"}),
    ("program", {"kind": SIMPLE}),
    ("program", {"kind": SIMPLE, "dose": 0}),
    ("program", {"kind": SIMPLE, "dose": 1_921 * PULSE}),
    ("program", {"kind": "stopped", "dose": 0}),
    ("program", {"kind": "minimum_rate", "flow": 1}),
    ("program", {"kind": MULTI, "steps": []}),
    ("program", {"kind": MULTI, "steps": [[1, 1]]}),
    ("program", {"kind": MULTI, "steps": [[0, 0]]}),
    ("program", {"kind": MULTI, "steps": [[0, 1], [0, 2]]}),
    ("program", {"kind": MULTI, "steps": [[0, 1], [DAY, 2]]}),
    ("program", {"kind": MULTI, "steps": [[minute, 1] for minute in range(49)]}),
    ("program", {"kind": "periodic_bolus", "bolus": 1, "every": 5, "over": 6, "basal": 0}),
    ("program", {"kind": "periodic_bolus", "bolus": 1, "every": 8 * DAY, "over": 6, "basal": 0}),
    ("caps", {"hour": 1}),
    ("caps", {"hour": 1, "day": 0}),
    ("caps", {"hour": 1, "day": 2, "month": 3}),
    ("caps", {"hour": 1, "day": 2}),
    ("patient_bolus", {"dose": 1, "over": 1, "lockout": 0, "from": "end", "count": 1, "window": 1}),
    ("patient_bolus", {"dose": PULSE, "over": 1, "lockout": 0, "from": "now", "count": 1, "window": 1}),
    ("patient_bolus", {"dose": PULSE, "over": 1, "lockout": 0, "from": "end", "count": 0, "window": 1}),
    ("patient_bolus", {"dose": PULSE}),
    ("once", {"kind": "feast"}),
    ("once", {"kind": "bolus", "dose": 1, "over": 1}),
    ("once", {"kind": "bolus", "dose": PULSE, "over": 0}),
    ("once", {"kind": "prime", "volume": 100_001, "over": 1}),
    ("once", {"kind": "prime", "volume": 249, "over": 1}),
    ("once", {"kind": "bridge", "concentration": 0, "steps": [[1, 1]]}),
    ("once", {"kind": "bridge", "concentration": 1, "steps": [[0, 1]]}),
    ("once", {"kind": "temporary", "dose": -1, "length": 1}),
    ("once", {"kind": "temporary", "dose": 1, "length": 8 * DAY}),
    ("safety", {"fallback": None, "reactions": []}),
    ("safety", {"fallback": -1, "reactions": []}),
    ("safety", {"fallback": 1, "reactions": {}}),
    ("safety", {"fallback": 1, "reactions": [["A", "wait"]]}),
    ("safety", {"fallback": 1, "reactions": [[1, "stop"]]}),
    ("safety", {"fallback": 1, "reactions": [["A", "stop"], ["A", "stop"]]}),
    ("safety", {"fallback": 1, "reactions": [["free_flow", "continue"]]}),
    ("formulary", []),
    ("formulary", {"version": "v", "populations": []}),
    ("formulary", {"version": 1, "populations": [], "signed": []}),
    ("formulary", {"version": "v", "populations": {}, "signed": []}),
    ("formulary", {"version": "v", "populations": ["-"], "signed": []}),
    ("formulary", {"version": "v", "populations": [], "signed": {}}),
    ("formulary", {"version": "v", "populations": [], "signed": [{}]}),
    ("formulary", {"version": "v", "populations": [], "signed": [["a", "b", "c", "d", 1]]}),
    ("formulary", {"version": "v", "populations": [], "signed": [["a", "b", "c", "", 1, "Dr"]]}),
    ("formulary", {"version": "v", "populations": [], "signed": [["a", "b", "c", "d", 0, "Dr"]]}),
    ("formulary", {"version": "v", "populations": [], "signed": [["a", "b", "c", "d", 1, ""]]}),
    ("extra", 1),
    ("caps", None),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_is_not_well_formed_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name if name not in ("extra",) and value is not None else "order"):
        read_order(order(**{name: value}), FIGURES)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 16_000,
        b"NaN",
        b"[]",
        b"7",
        b" " + order(),
        json.dumps(plain()).encode(),
        order() + b" " * 16_384,
        order().replace(b'"written":0', b'"written":NaN'),
        order().replace(b'"written":0', b'"written":0,"written":0'),
        order().replace(b'"written":0', b'"written":-0'),
        order().replace(b"Dr Example", "Dr Ä".encode()),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="order"):
        read_order(data, FIGURES)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mutated_order_is_refused_or_is_another_order(data: st.DataObject) -> None:
    sound = order(once={"kind": "bolus", "dose": PULSE, "over": 1})
    mutated = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_order(bytes(mutated), FIGURES)
    except ValueError as error:
        assert ": " in str(error)
    else:
        assert bytes(mutated) == sound or read.digest != read_order(sound, FIGURES).digest
