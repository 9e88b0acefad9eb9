"""Other engines on races A, B and B1: ``python -m thecal.body.bench.peers PEER RACE`` prints seconds and error as JSON.

No peer is a dependency: whichever can be imported is raced, at the tolerance of the race. Slow ones run a few patients
and are scaled, which their line says. Peers step from bolus to bolus and read hourly, as their manuals suggest; COPASI
takes boluses as an event.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from thecal.body.bench.copasi import copasi
from thecal.body.bench.work import Work, begin, error, segments, work_of

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PeerTime:
    """Seconds for the whole race, compile time apart, and the largest error over the peak of a reading."""

    peer: str
    race: str
    seconds: float
    compile_s: float
    error: float
    note: str


def _rhs(work: Work, patient: int) -> Callable[[float, Array], Array]:
    matrix, push, linear = work.matrices[patient], work.infusion[patient], work.matrices.shape[1]
    if work.kin is None or work.kout is None:
        return lambda _t, y: matrix @ y + push
    kin, kout = float(work.kin[patient]), float(work.kout[patient])

    def rhs(_t: float, y: Array) -> Array:
        return np.append(matrix @ y[:linear] + push, kin * (1 + y[5] / (1 + y[5])) - kout * y[6])

    return rhs


def lsoda(work: Work) -> tuple[Array, float]:
    """SciPy's LSODA, patient by patient."""
    from scipy.integrate import solve_ivp

    linear = work.matrices.shape[1]
    began = time.perf_counter()
    states = []
    for patient in range(work.matrices.shape[0]):
        rhs = _rhs(work, patient)
        y = begin(work)
        rows = [y]
        for start, stop in segments(work):
            if start in work.starts:
                y = y.copy()
                y[:linear] += work.bolus[patient]
            hours = np.arange(start + 1, stop + 1)
            run = solve_ivp(rhs, (start, stop), y, "LSODA", hours, rtol=work.rtol, atol=work.atol)
            y = run.y[:, -1]
            rows.extend(run.y.T)
        states.append(rows)
    seconds = time.perf_counter() - began
    return np.array(states), seconds


def libroadrunner(work: Work) -> tuple[Array, float]:
    """libRoadRunner's CVODE, one compiled model, parameters set for each patient."""
    roadrunner: Any = importlib.import_module("roadrunner")
    antimony: Any = importlib.import_module("antimony")
    linear = work.matrices.shape[1]
    pattern = (work.matrices != 0).any(axis=0)
    names = [(i, j) for i in range(linear) for j in range(linear) if pattern[i, j]]
    lines = ["model m()"]
    for i in range(linear):
        terms = [f"k{a}_{b}*x{b}" for a, b in names if a == i]
        lines.append(f"x{i}' = r{i} + {' + '.join(terms)}; x{i} = 0; r{i} = 0;")
    lines += [f"k{a}_{b} = 0;" for a, b in names]
    if work.kin is not None:
        lines.append(f"x{linear}' = kin*(1 + x5/(1 + x5)) - kout*x{linear}; x{linear} = 1; kin = 1; kout = 1;")
    antimony.loadAntimonyString("\n".join([*lines, "end"]))
    engine = roadrunner.RoadRunner(antimony.getSBMLString("m"))
    engine.integrator.relative_tolerance, engine.integrator.absolute_tolerance = work.rtol, work.atol
    species = [f"x{i}" for i in range(linear + (work.kin is not None))]
    engine.timeCourseSelections = species
    began = time.perf_counter()
    states = []
    for patient, matrix in enumerate(work.matrices):
        engine.resetAll()
        for a, b in names:
            engine[f"k{a}_{b}"] = matrix[a, b]
        for i in range(linear):
            engine[f"r{i}"] = work.infusion[patient, i]
        if work.kin is not None and work.kout is not None:
            engine["kin"], engine["kout"] = work.kin[patient], work.kout[patient]
        rows = [begin(work)[None]]
        entering = np.flatnonzero(work.bolus[patient]).tolist()
        for start, stop in segments(work):
            if start in work.starts:
                for i in entering:
                    engine[f"x{i}"] = engine[f"x{i}"] + work.bolus[patient, i]
            rows.append(np.array(engine.simulate(start, stop, stop - start + 1))[1:])
        states.append(np.concatenate(rows))
    return np.array(states), time.perf_counter() - began


def diffrax(work: Work) -> tuple[Array, float]:
    """Diffrax on JAX, 64 bits, Tsit5 (none of the races is stiff), all patients in one compiled call."""
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", bool(1))
    jnp: Any = importlib.import_module("jax.numpy")
    dfx: Any = importlib.import_module("diffrax")
    linear = work.matrices.shape[1]
    starts = np.array([start for start, _ in segments(work)], dtype=float)
    lengths = {stop - start for start, stop in segments(work)}
    longest = max(lengths)
    given = np.array([float(start in work.starts) for start in starts])

    def rhs(_t: Any, y: Any, args: Any) -> Any:
        matrix, push, kin, kout = args
        slope = matrix @ y[:linear] + push
        if work.kin is None:
            return slope
        return jnp.append(slope, kin * (1 + y[5] / (1 + y[5])) - kout * y[6])

    term, control = dfx.ODETerm(rhs), dfx.PIDController(rtol=work.rtol, atol=work.atol)
    save = dfx.SaveAt(ts=jnp.arange(1.0, longest + 1))

    def one(matrix: Any, push: Any, bolus: Any, kin: Any, kout: Any) -> Any:
        def segment(y: Any, inputs: Any) -> Any:
            bolused, ends = inputs
            y = y.at[:linear].add(bolused * bolus)
            run = dfx.diffeqsolve(
                term,
                dfx.Tsit5(),
                0.0,
                float(longest),
                0.05,
                y,
                (matrix, push, kin, kout),
                saveat=save,
                stepsize_controller=control,
                max_steps=4096,
            )
            return run.ys[ends - 1], run.ys

        ends = jnp.array([stop - start for start, stop in segments(work)])
        return jax.lax.scan(segment, jnp.array(begin(work)), (jnp.array(given), ends))[1]

    blank = np.zeros(work.matrices.shape[0])
    kin = blank if work.kin is None else work.kin
    kout = blank if work.kout is None else work.kout
    call = jax.jit(jax.vmap(one)).lower(work.matrices, work.infusion, work.bolus, kin, kout).compile()
    began = time.perf_counter()
    found = np.asarray(call(work.matrices, work.infusion, work.bolus, kin, kout).block_until_ready())
    seconds = time.perf_counter() - began
    states = np.zeros((work.matrices.shape[0], work.last + 1, linear + (work.kin is not None)))
    states[:, 0] = begin(work)
    for k, (start, stop) in enumerate(segments(work)):
        states[:, start + 1 : stop + 1] = found[:, k, : stop - start]
    return states, seconds


PEERS: dict[str, tuple[str, Callable[[Work], tuple[Array, float]], dict[str, int]]] = {
    "SciPy LSODA": ("scipy", lsoda, {"A": 10, "B": 1, "B1": 5}),
    "libRoadRunner": ("antimony", libroadrunner, {"A": 100, "B": 1, "B1": 50}),
    "COPASI": ("COPASI", copasi, {"A": 100, "B": 1, "B1": 50}),
    "diffrax": ("diffrax", diffrax, {"A": 1000, "B": 1, "B1": 1000}),
}
"""Name, module, engine, and how many patients of each race it is given."""


def race(peer: str, name: str) -> PeerTime:
    """One peer on one race, scaled to all its patients."""
    _, engine, sizes = PEERS[peer]
    whole = {"A": 1000, "B": 1, "B1": 1000}[name]
    began = time.perf_counter()
    work = work_of(name, sizes[name])
    states, seconds = engine(work)
    total = time.perf_counter() - began
    scale = whole / sizes[name]
    note = "" if scale == 1 else f"{sizes[name]} of {whole:,} patients, scaled"
    line = PeerTime(peer, name, seconds, max(total - seconds, 0.0), error(work, states), note)
    return replace(line, seconds=seconds * scale)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(race(sys.argv[1], sys.argv[2]))))
