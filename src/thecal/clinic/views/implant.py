"""The implant: where the pump lies, where the catheter ends, what it was filled with; makes the virtual pump."""

import secrets
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from thecal.clinic import orders, store
from thecal.clinic.access import PRESCRIBERS, STAFF, page
from thecal.clinic.charting import Writer, show, take
from thecal.clinic.forms.implant import ImplantForm
from thecal.clinic.models import PumpRecord
from thecal.formulary import Basis, Solution, check_concentration
from thecal.pump import PumpConfig, require
from thecal.quantity import Refusal, Refused
from thecal.therapy import AnyEvent, DeadVolume, build, check_implant, dead_volume, events, may


@page(read=STAFF, write=PRESCRIBERS)
def implant(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The implant with its dead volume, or the form for it."""
    folded = store.load(chart)
    form = ImplantForm(request.POST or None, initial={"version": folded.version})
    if request.method == "POST":
        answer = _record(request, chart, form)
        if answer is not None:
            return answer
    dead: DeadVolume | None = None
    warnings: tuple[Refusal, ...] = ()
    if folded.implant is not None:
        try:
            dead = dead_volume(folded.implant)
            warnings = dead.warnings
        except Refused as refused:
            warnings = refused.refusals
    return show(
        request,
        "clinic/implant.html",
        chart,
        folded,
        "implant",
        form=form,
        implant=folded.implant,
        dead=dead,
        warnings=warnings,
        refusal=may("implant_recorded", folded.stage, "prescriber"),
    )


def _record(request: HttpRequest, chart: UUID, form: ImplantForm) -> HttpResponse | None:
    made: list[tuple[events.ImplantRecorded, Basis]] = []

    def implanted(author: Writer) -> list[AnyEvent]:
        cleaned = form.cleaned_data
        event = build(
            events.ImplantRecorded,
            author.meta(),
            site=cleaned["site"],
            route=cleaned["route"],
            catheter=events.CatheterRecord(
                model=cleaned["catheter"], supplied_mm=cleaned["supplied"], trimmed_mm=cleaned["trimmed"]
            ),
            tip_level=cleaned["tip_level"],
            tip_checked=cleaned["tip_checked"] or None,
            pump_profile=cleaned["pump_profile"],
            serial=cleaned["serial"],
            pump=f"pump-{chart.hex[-8:]}-{secrets.token_hex(3)}",
            solution=str(cleaned["solution"]),
            fill_nl=cleaned["fill"],
            path=cleaned["path"],
            note=cleaned["note"],
        )
        if wrong := check_implant(event):
            raise Refused(*wrong)
        basis = orders.held(store.load(chart), cleaned["solution"], cleaned["route"], author.now)
        require(check_concentration(cleaned["solution"], basis))
        made.append((event, basis))
        return [event]

    with transaction.atomic():
        answer = take(
            request, chart, form, implanted, ("implant", "The implant is recorded. The pump waits for a prescription.")
        )
        if answer is not None and answer.status_code == 302:  # the chart took it, so the pump is made with it
            _make_pump(chart, *made[-1])
    return answer


def _make_pump(chart: UUID, event: events.ImplantRecorded, basis: Basis) -> None:
    """The virtual pump of this implant. Where the dead volume is a range it gets the upper end: drug arrives late."""
    fill = Solution.parse(event.solution)
    config = PumpConfig(
        event.pump_profile,
        dead_volume(event).path.high,
        fill if event.path == "drug" else None,
        fill,
        event.fill_nl,
    )
    orders.add_pump(chart, event.pump, PumpRecord.Role.IMPLANTED, config, event.meta.recorded, basis)
