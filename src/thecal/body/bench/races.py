"""Each race once: what is timed, how it is checked, what it is to reach. Times in seconds."""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from thecal.body.batch import CONCENTRATIONS, Plan, run_batch
from thecal.body.bench.exact import by_lsoda, by_matrix, pulse_by_pulse, worst
from thecal.body.bench.problems import Problem, race_a, race_b, seven_states
from thecal.body.bench.stiff import by_radau
from thecal.body.bench.whole import unreduced
from thecal.body.engine import series
from thecal.body.inputs import Infusion
from thecal.body.model import Model, build
from thecal.body.parameters import parameters
from thecal.body.parquet import ParquetWriter
from thecal.body.person import Person, Tip
from thecal.body.planned import Planned, PulseTrain
from thecal.body.population import sample_patient
from thecal.body.preview import Preview
from thecal.body.summaries import Kept, Window, summarise

Array = npt.NDArray[np.float64]
Check = tuple[float, float, str]  # the error found, the error allowed, against what

TIP = Tip("T10")
PULSE_H = 0.012  # 2,000 pulses a day
TICK_H = PULSE_H / 3  # pulses, hours and boluses all fall on it


@dataclass(frozen=True, slots=True)
class Timed:
    """One line of the table: seconds of every repeat, the first run apart, and the distance from the reference."""

    race: str
    work: str
    target_s: float
    wall_s: list[float]
    cpu_s: list[float]
    first_s: float
    error: float
    allowed: float
    checked_against: str
    peak_memory_mb: float


def _measure(work: Callable[[], object], repeat: int) -> tuple[list[float], list[float], float]:
    wall, cpu = [], []
    for _ in range(repeat + 1):
        began, spent = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - spent)
    return wall[1:], cpu[1:], wall[0]


def _memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _timed(race: str, work: str, target: float, run: Callable[[], object], repeat: int, check: Check) -> Timed:
    error, allowed, against = check
    wall, cpu, first = _measure(run, repeat)
    return Timed(race, work, target, wall, cpu, first, error, allowed, against, _memory_mb())


def _solve(problem: Problem) -> Array:
    return series(problem.systems, problem.program, problem.grid, problem.turnover)


def run_a(repeat: int) -> list[Timed]:
    """Race A."""
    problem = race_a()
    found = _solve(problem)
    error = max(worst(found[k], by_matrix(problem, k)) for k in range(0, 1000, 50))
    check = error, 1e-8, "dense matrix exponential, 20 subjects"
    work = "two compartments by mouth, 1,000 subjects, 30 days"
    return [_timed("A", work, 0.010, lambda: _solve(problem), max(repeat, 20), check)]


def run_b(repeat: int) -> list[Timed]:
    """Race B."""
    problem = race_b()
    error = worst(_solve(problem)[0], by_matrix(problem, 0))
    check = error, 1e-8, "dense matrix exponential"
    return [
        _timed("B", "sixty-node chain, one year, 730 boluses", 0.003, lambda: _solve(problem), max(repeat, 20), check)
    ]


def run_b1(repeat: int) -> list[Timed]:
    """Problem B1; the error is in units of the tolerance, rtol 1e-6 and atol 1e-9."""
    problem = seven_states()
    found = _solve(problem)
    error = 0.0
    for patient in (0, 500, 999):
        expected = by_lsoda(problem, patient)
        error = max(error, float((np.abs(found[patient] - expected) / (1e-9 + 1e-6 * np.abs(expected))).max()))
    check = error, 1.0, "LSODA rtol 1e-10, 3 patients; in units of rtol 1e-6, atol 1e-9"
    return [_timed("B1", "seven states, 1,000 patients, 90 days", 0.15, lambda: _solve(problem), repeat, check)]


def _year(days: tuple[int, ...], doses: tuple[float, ...], tip: Tip) -> list[Planned]:
    """A pump's pulses with changes of dose on ``days``, and a bolus on demand every day at ten."""
    pulses = round(24 / PULSE_H)
    program: list[Planned] = [
        PulseTrain(24.0 * first, PULSE_H, pulses * (last - first), dose / pulses, "intrathecal", tip)
        for first, last, dose in zip(days[:-1], days[1:], doses, strict=True)
    ]
    return [*program, PulseTrain(10.0, 24.0, days[-1], 0.1, "intrathecal", tip, volume_ml=0.1)]


def _five_sites(model: Model) -> dict[str, Array]:
    here = model.level_z(TIP.level)
    rows = (
        model.csf_row(here),
        model.cord_row(here),
        model.csf_row(model.level_z("C1")),
        model.named_row("plasma"),
        model.named_row("cranial"),
    )
    return dict(zip(CONCENTRATIONS, rows, strict=True))


def run_b2(repeat: int, check_hours: int = 240) -> list[Timed]:
    """Problem B2: build and preview a year, then what-ifs; the check over ``check_hours`` takes longest."""
    person = Person()
    days, doses = (0, 60, 160, 260, 365), (1.0, 1.3, 1.7, 2.0)
    others = [_year(days, tuple(dose * 1.1 for dose in doses), TIP), _year(days, doses, Tip("L1"))]

    def build_and_preview() -> Preview:
        model = build.__wrapped__(parameters(person, "morphine"))
        preview = Preview(model, _five_sites(model), 365 * 24)
        preview.run(_year(days, doses, TIP))
        return preview

    ready, turn = build_and_preview(), [0]

    def what_if() -> None:
        turn[0] += 1
        ready.run(others[turn[0] % 2])

    check = _check_b2(person, check_hours)
    return [
        _timed("B2", "build 331 states and preview a year, 2,000 pulses a day", 0.3, build_and_preview, repeat, check),
        _timed("B2", "each further what-if, dose or tip", 0.030, what_if, max(repeat, 10), check),
    ]


def _check_b2(person: Person, hours: int) -> Check:
    """The same kind of program, every pulse singly: by a stiff integrator, and by the dense matrix exponential."""
    model = build(parameters(person, "morphine"))
    named = _five_sites(model)
    rows = np.array(list(named.values()))
    days, doses = (0, 2, 5, 8, 10), (1.0, 1.3, 1.7, 2.0)
    found = Preview(model, named, hours).run(_year(days, doses, TIP))
    mine = np.array([found[name] for name in named]).T
    pulse, bolus = model.column("intrathecal", TIP, 0.0), model.column("intrathecal", TIP, 0.1)
    a_day = round(24 / TICK_H)
    entering = {}
    for tick in range(round(hours / TICK_H)):
        day, within = divmod(tick, a_day)
        if within % 3 == 0:
            entering[tick] = doses[int(np.searchsorted(days, day, side="right")) - 1] / 2000 * pulse
        if within == round(10 / TICK_H):
            entering[tick] = entering.get(tick, 0.0) + 0.1 * bolus
    by_integrator = by_radau(model.matrix, rows, _at_hours(entering), np.arange(hours + 1.0))
    errors = worst(mine, by_integrator), worst(mine, pulse_by_pulse(model, rows, TICK_H, entering.get, hours))
    against = (
        f"Radau IIA at rtol 1e-10 begun anew at each of {len(entering):,} pulses in {hours} h ({errors[0]:.1e}), and "
        f"dense matrix exponentials ({errors[1]:.1e})"
    )
    return max(errors), 1e-6, against


def _at_hours(entering: dict[int, Array]) -> list[tuple[float, Array]]:
    """Ticks as hours; a tick on the hour is that hour to the last bit, so that it is read before it enters."""
    a_hour = round(1 / TICK_H)
    return [(tick / a_hour, column) for tick, column in entering.items()]


def run_b3(repeat: int) -> list[Timed]:
    """Problem B3: a thousand people of the made-up population, nothing kept between repeats but the shared basis."""
    people = [sample_patient(3, f"patient-{k}").person for k in range(1000)]
    edges, doses = (0, 60, 120, 200, 300, 365), (0.6, 0.8, 1.0, 1.3, 1.1)
    program = tuple(
        Infusion(24.0 * first, 24.0 * last, dose / 24, "intrathecal", TIP)
        for first, last, dose in zip(edges[:-1], edges[1:], doses, strict=True)
    )
    plan = Plan("morphine", program, 365 * 24, TIP, "T10")
    found = run_batch(people, plan)
    chosen = np.random.default_rng(20).choice(1000, 20, replace=False)
    error = 0.0
    for index in chosen.tolist():
        for name, expected in unreduced(people[index], plan).items():
            error = max(error, worst(found.series[name][index][:, None].astype(float), expected[:, None]))
    check = error, 1e-3, "unreduced model, 20 patients at random, all eight series"
    work = "full spine, 1,000 different patients, one year, effect and tolerance, hourly"
    del found
    return [_timed("B3", work, 2.0, lambda: run_batch(people, plan), repeat, check)]


def run_b4(repeat: int, patients: int = 100_000) -> list[Timed]:
    """Problem B4; the error is the share of values whose bits differ between threads, windows and chunks."""
    differ = _bits_differ(2000)
    problem = seven_states(patients, (0, 3))
    with tempfile.TemporaryDirectory() as folder:
        line = _timed(
            "B4",
            f"B1 for {patients:,} patients, daily figures to Parquet, hourly quantiles",
            20.0,
            lambda: _keep(problem, Path(folder) / "b4.parquet"),
            repeat,
            (differ, 0.0, "itself: 1 and 2 threads, 3 sizes of chunk, bit by bit"),
        )
    return [line]


def _keep(problem: Problem, path: Path) -> None:
    assert problem.turnover is not None
    who = np.arange(problem.systems.patients, dtype=np.int32)
    names = [f"{reading}_{figure}" for reading in ("y1", "y4", "y7") for figure in ("mean", "min", "max")]
    with ParquetWriter(path, ["patient", "day", *names], ["patient", "day"]) as table:
        for window in summarise(problem.systems, problem.turnover, problem.program, 90):
            for day in range(window.mean.shape[1]):
                figures = [kept[reading, day] for reading in range(3) for kept in _figures(window)]
                number = np.full(who.size, window.first_day + day, dtype=np.int32)
                table.write({"patient": who, "day": number, **dict(zip(names, figures, strict=True))})


def _figures(window: Window) -> tuple[Kept, Kept, Kept]:
    return window.mean, window.least, window.largest


def _bits_differ(patients: int) -> float:
    problem = seven_states(patients, (0, 3))
    assert problem.turnover is not None
    first: list[Window] = []
    differ = 0
    for threads, chunk in ((1, 256), (2, 256), (2, 100), (1, 999)):
        found = list(summarise(problem.systems, problem.turnover, problem.program, 20, 10, threads, chunk))
        first = first or found
        for one, other in zip(first, found, strict=True):
            differ += int((one.mean != other.mean).sum() + (one.bands != other.bands).sum())
            differ += int((one.least != other.least).sum() + (one.largest != other.largest).sum())
    return float(differ)


RACES: dict[str, Callable[[int], list[Timed]]] = {
    "A": run_a,
    "B": run_b,
    "B1": run_b1,
    "B2": run_b2,
    "B3": run_b3,
    "B4": run_b4,
}
