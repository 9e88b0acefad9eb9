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

from thecal.formulary import (
    PUBLISHED,
    Finding,
    Solution,
    admixture_warnings,
    check_concentration,
    check_dose,
    label_status,
)
from thecal.formulary.model import Level
from thecal.pump.catalog import DeviceFigures, Profile
from thecal.pump.parts import Bridge, PrimingBolus, SingleBolus, Temporary
from thecal.pump.prescription import MinimumRate, PeriodicBolus, Prescription, Stopped
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
    starting: bool = False,
) -> tuple[Finding, ...]:
    """Everything to be said about running ``prescription`` on a pump of that model that holds ``fill``.

    Its dose is held to the limits of its own basis: what a site has signed, as far as anybody has published it.
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
    found += _parts(prescription, figures)
    found += _caps(prescription)
    found += _formulary(prescription, starting=starting)
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


def request_bolus(device: "Device", now: int) -> int:
    """The patient asks for a bolus of the running order. When it ends, ms. Raises Refused with nothing changed.

    The order was admitted with it; whether it may be given now is for the controller alone to say.
    """
    return device.demand(now)


def resume(device: "Device", profile: Profile, now: int) -> tuple[Finding, ...]:
    """Let a pump go on that its ladder of safe states holds back. Raises Refused with nothing changed.

    What runs then must be admitted as if it were ordered now.
    """
    running = device.prescription
    findings = () if running is None else require(admit(running, profile, device.fill, now))
    device.resume(now)
    return findings


def mark_path(device: "Device", now: int, *, empty: bool) -> None:
    """Record that the path to the tip is empty, which alone allows a priming bolus, or that it holds drug."""
    device.mark_path(now, empty=empty)


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
    known = order or device.prescription
    basis = PUBLISHED if known is None else known.basis
    findings = require((*_volumes(profile, withdrawn_nl, fill_nl), *check_concentration(fill, basis)))
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
    if isinstance(prescription.program, MinimumRate):
        if prescription.program.flow == figures.minimum_rate:
            return []
        what = f"{_flow_text(Fraction(prescription.program.flow))} is not the minimum rate of this pump"
        do = f"It is {_flow_text(Fraction(figures.minimum_rate))}." if figures.minimum_rate else "It states none."
        return [_refuse("minimum_rate", what, "program.flow", do, "pump catalog")]
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
    for name, window, cap in prescription.caps.windows():
        worst, span = prescription.worst_window(window), f"{window // MS_PER_HOUR} h"
        if worst > cap:
            what = f"the program gives up to {auto(worst, MASS)} in {span}; its cap is {auto(cap, MASS)}"
            do = f"Set a cap of at least {decimal_text(Fraction(worst, 10**12))} mg, or a smaller program."
            found.append(_refuse("above_cap", what, f"caps.{name}", do, "the order's own caps"))
    return found


def _formulary(prescription: Prescription, *, starting: bool) -> list[Finding]:
    solution, route = prescription.solution, prescription.route
    worst, basis = max(_worst_day(prescription), 1), prescription.basis
    try:
        found = [*check_dose(solution, route, worst, basis, starting=starting), *check_concentration(solution, basis)]
        found += [item for item in label_status(solution, route) if item.level != "refuse"]
        found += admixture_warnings(solution)
        allowed = check_dose(solution, route, prescription.caps.day, basis, starting=False)
    except Refused as refused:
        return [Finding("refuse", refusal) for refusal in refused.refusals]
    if not any(item.level == "refuse" for item in found):
        for item in allowed:
            if item.level == "refuse":
                what = f"the cap of 24 h leaves room for too much: {item.refusal.what}"
                found.append(
                    Finding("warn", replace(item.refusal, code="cap_above_limit", what=what, where="caps.day"))
                )
    return found


def _worst_day(prescription: Prescription) -> int:
    """The most fg in 24 h with every bolus that the order allows; its cap bounds what is on top of the program."""
    base, most = prescription.worst_window(MS_PER_DAY), 0
    if (demand := prescription.patient_bolus) is not None:
        most = demand.most_in(MS_PER_DAY) * demand.dose
    if isinstance(prescription.once, SingleBolus):
        most += prescription.once.dose
    rate = prescription.once.dose if isinstance(prescription.once, Temporary) else 0
    return max(base, min(max(base, rate) + most, prescription.caps.day))


def _parts(prescription: Prescription, figures: DeviceFigures) -> list[Finding]:
    """What the order holds beside its program, against one pulse and the flow of the pump."""
    return [*_demand(prescription), *_boluses(prescription, figures), *_rates(prescription, figures)]


def _demand(prescription: Prescription) -> list[Finding]:
    demand = prescription.patient_bolus
    spare = prescription.caps.day - prescription.worst_window(MS_PER_DAY)
    if demand is None or demand.most_in(MS_PER_DAY) * demand.dose <= spare:
        return []
    what = "the cap of 24 h leaves no room for all the boluses that the patient may ask for"
    do = "Those above it will be refused; order fewer, or a cap for all of them."
    return [Finding("warn", Refusal("boluses_above_cap", what, "patient_bolus.count", do))]


def _boluses(prescription: Prescription, figures: DeviceFigures) -> list[Finding]:
    concentration = prescription.solution.primary.concentration
    boluses = []
    if (demand := prescription.patient_bolus) is not None:
        boluses.append(("patient_bolus", demand.dose, demand.over))
    match prescription.once:
        case SingleBolus(dose, over):
            boluses.append(("once", dose, over))
        case PrimingBolus(volume, over):
            boluses.append(("once", volume * concentration, over))
    found = []
    most, pulse = Fraction(figures.flow_max), figures.pulse_nl * concentration
    for where, dose, over in boluses:
        if dose < pulse:
            what = f"{auto(dose, MASS)} is less than one pulse of this pump, {auto(pulse, MASS)}"
            found.append(_refuse("bolus_below_pulse", what, where, "Order at least one pulse.", "pump catalog"))
        flow = prescription.peak_flow() + Fraction(dose * MS_PER_DAY, over * concentration)
        if flow > most:
            what = f"with the program it needs {_flow_text(flow)}, above the pump's highest flow of {_flow_text(most)}"
            found.append(_refuse("flow_above_range", what, where, "Give it over a longer time.", "pump catalog"))
    return found


def _rates(prescription: Prescription, figures: DeviceFigures) -> list[Finding]:
    """A temporary rate, the steps of a bridge and the fallback rate, against the pump's range."""
    concentration = prescription.solution.primary.concentration
    flows: list[tuple[str, Fraction]] = []
    if prescription.safety.fallback is not None:
        flows.append(("safety.fallback", Fraction(prescription.safety.fallback, concentration)))
    match prescription.once:
        case Temporary(dose, _):
            flows.append(("once.dose", Fraction(dose, concentration)))
        case Bridge(steps, _):
            flows += [(f"once.steps.{index}.flow", Fraction(step.flow)) for index, step in enumerate(steps)]
    found = []
    do = f"Stay within {_flow_text(Fraction(figures.flow_min))} to {_flow_text(Fraction(figures.flow_max))}."
    for where, flow in flows:
        if flow and not figures.flow_min <= flow <= figures.flow_max:
            what = f"{_flow_text(flow)} is outside what the pump can give"
            found.append(_refuse("flow_out_of_range", what, where, do, "pump catalog"))
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
