"""What each fault costs before somebody knows: fault x pump model x rate, to the first alarm and the dose error.

Each case is a pump on the bench that has run for six hours when the fault begins, with drug at its tip. It ends at the
first alarm that was not there before, or after two days; then a refill shows whether the needle would have told (14.5 %
of what was delivered and 0.5 mL, or 2 mL). Dose error: drug at the tip after the fault began, less what was ordered.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product

from thecal.formulary import Solution
from thecal.pump.bench import Bench, Filling
from thecal.pump.catalog import profile
from thecal.pump.hardware import make_fault, outlook
from thecal.pump.prescription import Caps, Prescription, SimpleContinuous
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused

START = 20_454 * MS_PER_DAY
PROFILES = ("virtual_peristaltic_20", "virtual_valve_gated_20", "reference", "virtual_external_trial")
RATES_UL = (100, 400, 2_000)  # a day
FAULTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("stall", {}),
    ("partial_stroke", {"part": "0.4"}),
    ("partial_stroke", {"part": "0.6"}),
    ("gain", {"gain": "0"}),
    ("gain", {"gain": "0.5"}),
    ("gain", {"gain": "1.5"}),
    ("gain", {"gain": "10"}),
    ("stuck_switch", {"switch": "controller"}),
    ("open_switch", {"switch": "controller"}),
    ("short", {}),
    ("leak", {"flow": "1 mL/day"}),
    ("leak", {"flow": "20 mL/day"}),
    ("catheter_leak", {"part": "0.5"}),
    ("catheter_break", {}),
    ("catheter_kink", {}),
    ("catheter_migration", {}),
    ("sensor_stuck", {"sensor": "stroke", "says": "no"}),
    ("sensor_stuck", {"sensor": "stroke", "says": "yes"}),
    ("sensor_late", {"sensor": "stroke"}),
    ("sensor_noisy", {"sensor": "stroke", "part": "0.05"}),
    ("sensor_scaled", {"sensor": "level", "gain": "1.2"}),
    ("converter", {}),
    ("battery_sag", {"sag": "0.12"}),
    ("battery_sag", {"sag": "0.3"}),
    ("power_loss", {}),
    ("clock_stop", {}),
    ("clock_jump", {"by": "6 h"}),
    ("clock_jump", {"by": "6 h", "back": "yes"}),
    ("clock_drift", {"rate": "1.5"}),
    ("clock_drift", {"rate": "0.5"}),
    ("storage_torn", {}),
    ("storage_rot", {}),
    ("storage_full", {}),
    ("mri_field", {}),
    ("temperature", {"celsius": "45 degC"}),
)
_ONSET, _LENGTH = 6 * MS_PER_HOUR, 2 * MS_PER_DAY


@dataclass(frozen=True, slots=True)
class Found:
    """One line. Times in ms from the fault on; None: no alarm in two days. ``error_ppm``: of a day's dose."""

    fault: str
    profile: str
    rate_ul_day: int
    alarm: str | None
    after_ms: int | None
    error_ppm: int
    at_refill: bool


def cases() -> tuple[tuple[str, tuple[tuple[str, str], ...], str, int], ...]:
    """Every case that makes sense: a rate that the model can give."""
    made = []
    for (kind, figures), model, rate in product(FAULTS, PROFILES, RATES_UL):
        (low,) = profile(model).need("flow_min")
        if rate * 1_000 >= low:
            made.append((kind, tuple(figures.items()), model, rate))
    return tuple(made)


def table(processes: int) -> Iterator[Found]:
    """The whole table, line by line, in the order of ``cases``."""
    if processes <= 1:
        yield from map(detect, cases())
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(detect, cases(), chunksize=4)


def detect(case: tuple[str, tuple[tuple[str, str], ...], str, int]) -> Found:
    """One case: run it until it is found, or for two days."""
    kind, figures, model, rate = case
    name = " ".join((kind, *(value for _, value in figures)))
    fault = make_fault(kind, START + _ONSET, None, dict(figures))
    fill = Solution.parse("morphine 2 mg/mL")
    dose = rate * 1_000 * fill.primary.concentration
    filling = Filling(fill, 15_000_000, 400_000, fill)
    bench = Bench(profile(model), filling, START, (fault,), gain_spread=False)
    pulse = bench.truth.pulse_nl * fill.primary.concentration
    caps = Caps(dose // 24 + 20 * pulse, dose + 20 * pulse)
    program = SimpleContinuous(dose)
    bench.load(Prescription("rx", "case", "intrathecal", fill, program, caps, START, "case", START))
    bench.run_to(START + _ONSET)
    assert bench.truth.path is not None, "a bench has a path"
    before = bench.truth.path.at_tip.get("morphine", 0)
    known = _alarms_until(bench, START + _ONSET - 1)
    found: tuple[str, int] | None = None
    while bench.now < START + _ONSET + _LENGTH and found is None:
        bench.run_to(bench.now + MS_PER_HOUR)
        found = _first_new(bench, known)
    end = START + _ONSET + found[1] if found else bench.now
    given = bench.truth.path.at_tip.get("morphine", 0) - before
    # the run ends on a full hour, the alarm may be earlier: what is ordered is counted to the same end
    ordered = dose * (bench.now - START - _ONSET) // MS_PER_DAY
    assert end <= bench.now, "an alarm is not in the future"
    return Found(
        name,
        model,
        rate,
        found[0] if found else None,
        found[1] if found else None,
        (given - ordered) * 1_000_000 // dose,
        _needle_tells(bench),
    )


def _alarms_until(bench: Bench, at: int) -> set[str]:
    return {code for change in bench.changes if change.what == "alarms" and change.at <= at for code in change.now}


def _first_new(bench: Bench, known: set[str]) -> tuple[str, int] | None:
    for change in bench.changes:
        if change.what == "alarms" and (new := sorted(set(change.now) - known)):
            return ", ".join(new), change.at - START - _ONSET
    return None


def _needle_tells(bench: Bench) -> bool:
    """Whether a refill now would show a difference that has to be explained."""
    if bench.device is None:
        return False
    try:
        believed = bench.device.status(bench.now)
    except Refused:
        return False
    return outlook.volume_gap(bench.truth.in_reach_nl - believed.reservoir_nl, believed.delivered_nl)
