"""COPASI on a race, through its own Python binding: one model of rate equations, parameters set for each patient.

Its deterministic integrator (LSODA) runs the whole race in one call, boluses as an event of the model. Reading its
results into Python, value by value, is not counted. ``pip install python-copasi``; it is no dependency.
"""

import importlib
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from thecal.body.bench.work import Work, begin

Array = npt.NDArray[np.float64]


def copasi(work: Work) -> tuple[Array, float]:
    """States (patients, times, states) and the seconds that COPASI took."""
    engine: Any = importlib.import_module("COPASI")
    model = _Model(engine, work)
    seconds, states = 0.0, []
    for patient in range(work.matrices.shape[0]):
        began = time.perf_counter()
        series = model.run(work, patient)
        seconds += time.perf_counter() - began
        found = np.array([[series.getData(row, column) for column in model.columns] for row in range(work.last + 1)])
        # COPASI shows the value just after an event, the race asks for the one before; an event falls on the end too
        given = np.arange(work.starts[0], work.last + 1, work.starts[1] - work.starts[0])
        found[np.ix_(given, range(work.bolus.shape[1]))] -= work.bolus[patient]
        states.append(found)
    return np.array(states), seconds


class _Model:
    """The race's equations in COPASI: ``k<i>_<j>``, ``r<i>`` and ``b<i>`` are what differs between patients."""

    def __init__(self, engine: Any, work: Work) -> None:
        self._engine = engine
        data = engine.CRootContainer.addDatamodel()
        self._model = data.getModel()
        self._model.setTimeUnit("h")
        linear = work.matrices.shape[1]
        self._pattern = np.argwhere((work.matrices != 0).any(axis=0)).tolist()
        self._entering = np.flatnonzero(work.bolus.any(axis=0)).tolist()
        self._values: dict[str, Any] = {}
        names = [f"k{a}_{b}" for a, b in self._pattern] + [f"r{i}" for i in range(linear)]
        for name in [*names, *(f"b{i}" for i in self._entering), "kin", "kout", "next"]:
            self._values[name] = self._model.createModelValue(name, 0.0)
        species = [f"x{i}" for i in range(linear + (work.kin is not None))]
        for name in species:
            self._values[name] = self._model.createModelValue(name, 0.0)
            self._values[name].setStatus(engine.CModelEntity.Status_ODE)
        for i in range(linear):
            terms = [f"{{k{a}_{b}}}*{{x{b}}}" for a, b in self._pattern if a == i]
            self._values[f"x{i}"].setExpression(self._text(" + ".join([f"{{r{i}}}", *terms])))
        if work.kin is not None:
            response = f"{{kin}}*(1 + {{x5}}/(1 + {{x5}})) - {{kout}}*{{x{linear}}}"
            self._values[species[-1]].setExpression(self._text(response))
        self._bolus(work)
        self._model.compileIfNecessary()
        self._task = data.getTask("Time-Course")
        self._prepare(work)
        series = self._run()
        titles = [series.getTitle(k) for k in range(series.getNumVariables())]
        self.columns = [titles.index(f"Values[{name}]") for name in species]

    def _text(self, formula: str) -> str:
        """``formula`` with every name in braces as COPASI refers to it."""
        for name, value in self._values.items():
            formula = formula.replace(f"{{{name}}}", f"<{value.getValueReference().getCN().getString()}>")
        return formula

    def _bolus(self, work: Work) -> None:
        time_now = self._model.getValueReference().getCN().getString()
        event = self._model.createEvent("bolus")
        event.setTriggerExpression(f"<{time_now}> >= " + self._text("{next}"))
        period = work.starts[1] - work.starts[0]
        changes = {f"x{i}": f"{{x{i}}} + {{b{i}}}" for i in self._entering} | {"next": f"{{next}} + {period}"}
        for name, formula in changes.items():
            assignment = self._engine.CEventAssignment()
            assignment = event.createAssignment(self._values[name].getCN())
            assignment.setExpression(self._text(formula))

    def _prepare(self, work: Work) -> None:
        self._task.setMethodType(self._engine.CTaskEnum.Method_deterministic)
        problem, method = self._task.getProblem(), self._task.getMethod()
        problem.setModel(self._model)
        problem.setDuration(float(work.last))
        problem.setStepNumber(work.last)
        problem.setTimeSeriesRequested(bool(1))
        problem.setOutputEvent(bool(0))
        method.getParameter("Relative Tolerance").setDblValue(work.rtol)
        method.getParameter("Absolute Tolerance").setDblValue(work.atol)

    def run(self, work: Work, patient: int) -> Any:
        """COPASI's time series of one patient."""
        matrix, at_once = work.matrices[patient], work.starts[0] == 0
        values = {f"k{a}_{b}": matrix[a, b] for a, b in self._pattern}
        values |= {f"r{i}": push for i, push in enumerate(work.infusion[patient])}
        values |= {f"b{i}": work.bolus[patient, i] for i in self._entering}
        values |= {f"x{i}": value for i, value in enumerate(begin(work))}
        values["next"] = work.starts[1] if at_once else work.starts[0]
        if at_once:
            values |= {f"x{i}": work.bolus[patient, i] for i in self._entering}
        if work.kin is not None and work.kout is not None:
            values |= {"kin": work.kin[patient], "kout": work.kout[patient]}
        changed = self._engine.ObjectStdVector()
        for name, value in values.items():
            self._values[name].setInitialValue(float(value))
            changed.push_back(self._values[name].getInitialValueReference())
        self._model.updateInitialValues(changed)
        return self._run()

    def _run(self) -> Any:
        self._task.initializeRaw(self._engine.CCopasiTask.ONLY_TIME_SERIES)
        if not self._task.processRaw(bool(1)):
            raise ArithmeticError(self._engine.CCopasiMessage.getAllMessageText())
        return self._task.getTimeSeries()
