"""The one gate: whatever can change what a pump delivers is asked here first, and nowhere else.

``admit`` judges an order against the pump model, the solution in the reservoir, the formulary and the order's own
caps; ``load``, ``refill`` and ``stop`` are the only callers of a device's methods of those names, and each asks
``admit`` before it acts. Refuse, never clamp: a refusal names the limit and the nearest feasible choice. All is exact.
The device checks flow and caps again by itself.
"""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from thecal.formulary import Finding, Solution, admixture_warnings, check_concentration, check_dose, label_status
from thecal.formulary.model import Level
from thecal.pump.catalog import DeviceFigures, Profile
from thecal.pump.prescription import PeriodicBolus, Prescription, Stopped
from thecal.quantity import (
    CONCENTRATION,
    FLOW,
    MASS,
    MS_PER_DAY,
    MS_PER_HOUR,
    VOLUME,
    Refusal,
    Refused,
    auto,
    decimal_text,
    show,
)

if TYPE_CHECKING:
    from thecal.pump.device import Device
    from thecal.pump.status import Receipt, RefillReport

ANCHOR_PAST_MS = 20 * 366 * MS_PER_DAY
ANCHOR_FUTURE_MS = MS_PER_DAY
_GOES_ON = ("running", "empty")  # a pump that ran empty goes on by itself once it is refilled
_ROUTES = {"implanted": ("intrathecal", "epidural"), "external": ("intrathecal", "epidural", "intravenous")}


def admit(
    prescription: Prescription,
    profile: Profile,
    fill: Solution | None,
    now: int | None = None,
    *,
    population: str = "all",
    starting: bool = False,
) -> tuple[Finding, ...]:
    """Everything to be said about running ``prescription`` on a pump of that model that holds ``fill``.

    ``fill`` None means that nobody knows what is in the reservoir. ``now`` is device ms, where there is a device.
    A finding of level ``refuse`` forbids it; ``require`` turns those into an exception.
    """
    try:
        figures = profile.device()
    except Refused as refused:
        return tuple(Finding("refuse", refusal) for refusal in refused.refusals)
    found = [*_route(prescription, profile), *_solution(prescription, fill)]
    if now is not None:
        found += _anchor(prescription, now)
    if isinstance(prescription.program, Stopped):
        return (*found, *_stopped(profile))
    found += _flow(prescription, figures)
    found += _caps(prescription)
    found += _formulary(prescription, population, starting=starting)
    return tuple(found)


def require(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that do not forbid. Raises Refused with every one that does."""
    findings = tuple(findings)
    if refusals := [finding.refusal for finding in findings if finding.level == "refuse"]:
        raise Refused(*refusals)
    return findings


def load(
    device: "Device", prescription: Prescription, profile: Profile, now: int
) -> tuple["Receipt", tuple[Finding, ...]]:
    """Start ``prescription`` on ``device``. Raises Refused, with nothing changed, when it is not admitted."""
    findings = require(admit(prescription, profile, device.fill, now))
    return device.load(prescription, now), findings


def stop(device: "Device", profile: Profile, now: int) -> tuple[Finding, ...]:
    """Stop delivery. A stop is always admitted; the findings say what it can lead to."""
    running = device.prescription
    findings = admit(replace(running, program=Stopped()), profile, device.fill, now) if running else ()
    device.stop(now)
    return tuple(finding for finding in findings if finding.level != "refuse")


def refill(
    device: "Device",
    profile: Profile,
    withdrawn_nl: int,
    fill: Solution,
    fill_nl: int,
    now: int,
    order: Prescription | None = None,
) -> tuple["RefillReport", tuple[Finding, ...]]:
    """Refill ``device`` and start ``order`` with it when one is given. Raises Refused with nothing changed.

    What will run afterwards (``order``, else the running program) must be admitted with the new fill: so a change of
    solution needs a new order, or a pump that was stopped first.
    With an order, the old program is stopped first: whatever happens in between, it never runs on the new solution.
    """
    findings = require((*_volumes(profile, withdrawn_nl, fill_nl), *check_concentration(fill)))
    goes_on = device.status(now).state in _GOES_ON
    after = order or (device.prescription if goes_on else None)
    if after is not None:
        findings += require(admit(after, profile, fill, now))
    if order is not None and goes_on:
        device.stop(now)
    report = device.refill(withdrawn_nl, fill, fill_nl, now)
    if order is not None:
        device.load(order, now)
    return report, findings


def _route(prescription: Prescription, profile: Profile) -> list[Finding]:
    routes = _ROUTES[profile.kind]
    if prescription.route in routes:
        return []
    what = f"{profile.name} does not deliver by the {prescription.route} route"
    return [_refuse("route_of_pump", what, "route", f"Use {' or '.join(routes)}.")]


def _solution(prescription: Prescription, fill: Solution | None) -> list[Finding]:
    if fill is None:
        what = "nobody recorded what is in the reservoir, so no dose can be worked out"
        return [_refuse("reservoir_unknown", what, "solution", "Record a refill first.")]
    if fill == prescription.solution:
        return []
    what = f"the order is for {prescription.solution}, the reservoir was filled with {fill}"
    return [_refuse("solution_differs", what, "solution", f"Write the order for {fill}, or refill first.")]


def _anchor(prescription: Prescription, now: int) -> list[Finding]:
    if now - ANCHOR_PAST_MS <= prescription.anchor <= now + ANCHOR_FUTURE_MS:
        return []
    what = f"the pump's midnight {prescription.anchor} ms is not near the pump's time {now} ms"
    return [_refuse("anchor", what, "anchor", "Use the latest midnight of the pump's clock.")]


def _stopped(profile: Profile) -> list[Finding]:
    if profile.actuation != "peristaltic":
        return []
    what = "a peristaltic pump that stands still for more than 48 h may keep a set in its tube and run wrong later"
    source = "TGA and HSA safety communications on SynchroMed II, 2016"
    return [Finding("warn", Refusal("tube_set", what, "program", "Use the lowest rate where therapy allows.", source))]


def _flow(prescription: Prescription, figures: DeviceFigures) -> list[Finding]:
    found: list[Finding] = []
    concentration = prescription.solution.primary.concentration
    for index, flow in enumerate(prescription.segment_flows()):
        where, dose = f"flow of segment {index + 1}", flow * concentration
        if 0 < flow < figures.flow_min:
            best = _concentration(dose / figures.flow_min, up=False)
            what = f"{_flow_text(flow)} is below the pump's lowest flow of {_flow_text(Fraction(figures.flow_min))}"
            do = f"The highest concentration that this dose can be given at is {best}."
            found.append(_refuse("flow_below_range", what, where, do, "pump catalog"))
        elif flow > figures.flow_max:
            best = _concentration(dose / figures.flow_max, up=True)
            what = f"{_flow_text(flow)} is above the pump's highest flow of {_flow_text(Fraction(figures.flow_max))}"
            do = f"The lowest concentration that this dose can be given at is {best}."
            if isinstance(prescription.program, PeriodicBolus):
                do += " Or give each bolus over a longer time."
            found.append(_refuse("flow_above_range", what, where, do, "pump catalog"))
    return found


def _caps(prescription: Prescription) -> list[Finding]:
    found = []
    for name, span, window, cap in (
        ("hour", "1 h", MS_PER_HOUR, prescription.caps.hour),
        ("day", "24 h", MS_PER_DAY, prescription.caps.day),
    ):
        worst = prescription.worst_window(window)
        if worst > cap:
            what = f"the program gives up to {auto(worst, MASS)} in {span}; its cap is {auto(cap, MASS)}"
            do = f"Set a cap of at least {decimal_text(Fraction(worst, 10**12))} mg, or a smaller program."
            found.append(_refuse("above_cap", what, f"caps.{name}", do, "the order's own caps"))
    return found


def _formulary(prescription: Prescription, population: str, *, starting: bool) -> list[Finding]:
    solution, route = prescription.solution, prescription.route
    worst = max(prescription.worst_window(MS_PER_DAY), 1)
    try:
        found = [*check_dose(solution, route, worst, population, starting=starting), *check_concentration(solution)]
        found += [item for item in label_status(solution, route) if item.level != "refuse"]
        found += admixture_warnings(solution)
        allowed = check_dose(solution, route, prescription.caps.day, population, starting=False)
    except Refused as refused:
        return [Finding("refuse", refusal) for refusal in refused.refusals]
    if not any(item.level == "refuse" for item in found):
        for item in allowed:
            if item.level == "refuse":
                what = f"the cap of 24 h leaves room for more than is published: {item.refusal.what}"
                found.append(
                    Finding("warn", replace(item.refusal, code="cap_above_limit", what=what, where="caps.day"))
                )
    return found


def _volumes(profile: Profile, withdrawn_nl: int, fill_nl: int) -> list[Finding]:
    (capacity,) = profile.need("reservoir_nl")
    found: list[Finding] = []
    for where, volume, most in (
        ("withdrawn", withdrawn_nl, capacity),
        ("fill", fill_nl, capacity),
    ):
        if type(volume) is not int or not 0 <= volume <= most:
            what = f"{volume!r} nL is not a volume that this reservoir can give or take"
            found.append(_refuse("volume", what, where, f"At most {auto(most, VOLUME)}.", "pump catalog"))
    return found


def _concentration(value: Fraction, *, up: bool) -> str:
    """A concentration for people, six digits, rounded to the side on which it is feasible."""
    whole = -int(-value // 1) if up else int(value)
    step = 10 ** max(0, len(str(whole)) - 6)
    whole = -(-whole // step) * step if up else whole // step * step
    unit = "mg/mL" if whole >= 500_000 else "mcg/mL" if whole >= 100 else "ng/mL"
    return show(whole, CONCENTRATION, unit)


def _flow_text(flow: Fraction) -> str:
    return show(flow, FLOW, "mL/day", 6)


def _refuse(code: str, what: str, where: str, do: str, source: str = "") -> Finding:
    level: Level = "refuse"
    return Finding(level, Refusal(code, what, where, do, source))
