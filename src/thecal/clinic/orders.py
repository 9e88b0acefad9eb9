"""Sending a signed prescription to its pump, and what the chart learns of it.

The chart is told before the pump is (sent), and again after the pump answered (acknowledged) or did not (disputed).
Whoever dies in between leaves an order that the keeper settles from what the pump says; see ``thecal.clinic.keeper``.
"""

import secrets
import time
from dataclasses import replace
from uuid import UUID

from django.conf import settings

from thecal.clinic import clock, formulary, store
from thecal.clinic.charting import Writer, system
from thecal.clinic.models import PumpRecord
from thecal.formulary import PUBLISHED, Basis, Finding, Solution
from thecal.pump import (
    Caps,
    LinkDown,
    Prescription,
    Profile,
    Program,
    PumpConfig,
    PumpLink,
    Safety,
    admit,
    create_pump,
    require,
)
from thecal.quantity import MS_PER_DAY, Refusal, Refused
from thecal.therapy import AnyEvent, Chart, build, events, population, site, uuid7

_PATIENCE_S = 20.0


def write_order(
    chart: Chart, *, route: str, solution: Solution, program: Program, caps: Caps, author: str, now: int
) -> Prescription:
    """A prescription for this patient, anchored at the latest midnight of the clock, on the site formulary in force.

    Its fallback is its own mean rate: a pump that has lost track of time gives no more than that, and not nothing.
    """
    assert chart.patient is not None, "a loaded chart has a patient"
    order = Prescription(
        id=uuid7(now, secrets.token_bytes(10)),
        patient=chart.patient.patient,
        route=route,
        solution=solution,
        program=program,
        caps=caps,
        anchor=now - now % MS_PER_DAY,
        author=author,
        written=now,
        basis=held(chart, solution, route, now),
    )
    mean = order.daily_dose()
    return replace(order, safety=Safety(fallback=mean)) if mean else order


def admitted(
    chart: Chart, order: Prescription, pump: Profile, inside: Solution | None, now: int, *, starting: bool = False
) -> tuple[Finding, ...]:
    """What is to be said of an order: by the gate of the pump, and which of its limits nobody here has signed.

    Raises Refused when the gate forbids it, or when it was checked against anything but the formulary in force and
    what is known of this patient now.
    """
    basis, own = held(chart, order.solution, order.route, now), tuple[Finding, ...]()
    if order.basis != basis:
        was, is_now = order.basis.version, basis.version
        changed = f"it is {is_now} now and was {was}" if was != is_now else "other limits hold for this patient"
        what = f"What the order was checked against does not hold any more: {changed}."
        raise Refused(Refusal("formulary_changed", what, "", "Write the prescription again: it is checked anew."))
    if order.route in site.ROUTES and order.daily_dose():
        own = site.unsigned(order.solution, order.route, formulary.current(), basis.populations)
    return require((*admit(order, pump, inside, now, starting=starting), *own))


def held(chart: Chart, solution: Solution, route: str, now: int) -> Basis:
    """What an order for this patient, of this solution and route, is held to by the site formulary in force."""
    if route not in site.ROUTES:
        return PUBLISHED
    return site.basis(solution, route, formulary.current(), population(chart, now).names)


def add_pump(chart: UUID, pump: str, role: PumpRecord.Role, config: PumpConfig, now: int, basis: Basis) -> PumpRecord:
    """Make the folder of a virtual pump and note it; the ward starts its process. Call inside a transaction."""
    PumpRecord.objects.filter(chart=chart, role=role, retired_ms=None).update(retired_ms=now)
    record = PumpRecord.objects.create(pump=pump, chart=chart, role=role, folder=pump, made_ms=now)
    owner = store.load(chart).patient
    assert owner is not None, "a loaded chart has a patient"
    create_pump(settings.FOLDER.pumps, pump, replace(config, patient=owner.patient), basis=basis)
    return record


def link(record: PumpRecord) -> PumpLink:
    """The programmer's side of one pump."""
    return PumpLink(settings.FOLDER.pumps / record.folder)


def send(writer: Writer, digest: str) -> str:
    """Record that an order goes out, hand it to its pump, and record the answer; returns the state it reached.

    Raises Refused when the chart does not let it go out, as when it has gone out; the pump is not spoken to then.
    """
    folded = store.record(writer.chart, build(events.PrescriptionSent, writer.meta(), prescription=digest))
    order = folded.order(digest)
    assert order is not None, "the chart took the order as sent, so it has it"
    record = PumpRecord.objects.filter(pump=order.event.pump, chart=writer.chart).first()
    if record is None:
        return _dispute(writer.chart, digest, "There is no pump of that name in this clinic.")
    try:
        _await_pump(record)
        receipt = link(record).program(order.prescription)
    except LinkDown as down:
        return _dispute(writer.chart, digest, f"The pump could not be reached: {down}.")
    except Refused as refused:
        return _dispute(writer.chart, digest, f"The pump refused it: {refused}"[:3900])
    if receipt.digest != digest:
        return _dispute(writer.chart, digest, "The pump read back another prescription.")
    acknowledge(writer.chart, digest)
    return "acknowledged"


def acknowledge(chart: UUID, digest: str) -> None:
    """Record that the pump runs the order, unless the keeper was quicker to record it."""

    def made(folded: Chart) -> list[AnyEvent]:
        order = folded.order(digest)
        if order is None or order.state not in ("sent", "disputed"):
            return []
        return [build(events.PrescriptionAcknowledged, system(clock.now()), prescription=digest)]

    store.decide(chart, None, made)


def _dispute(chart: UUID, digest: str, reason: str) -> str:
    def made(folded: Chart) -> list[AnyEvent]:
        order = folded.order(digest)
        if order is None or order.state != "sent":
            return []
        return [build(events.PrescriptionDisputed, system(clock.now()), prescription=digest, reason=reason)]

    store.decide(chart, None, made)
    return "disputed"


def _await_pump(record: PumpRecord) -> None:
    """A new pump's process needs a moment to come up. Raises LinkDown when it does not."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            link(record).status()
        except LinkDown:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def current_pump(chart: UUID) -> PumpRecord | None:
    """The pump that is in use now, the implanted one first."""
    active = PumpRecord.objects.filter(chart=chart, retired_ms=None)
    return active.filter(role=PumpRecord.Role.IMPLANTED).first() or active.first()


def no_pump() -> Refused:
    """There is no pump to do this with."""
    return Refused(
        Refusal("no_pump", "No pump is in use on this chart.", "pump", "Start a trial or record an implant.")
    )
