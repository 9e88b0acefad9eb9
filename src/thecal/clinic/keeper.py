"""Keeps the clinic and its pumps in step: one turn of it starts what died, asks each pump, and notes what it says.

Runs in the runner, beside the web server. What it writes are projections (status, hours) and system events: a gap in
delivery, an order that the pump acknowledged, confirmed by its counters, or does not run.
"""

import json
import logging
import os
import shutil
import signal
import time
from dataclasses import asdict
from uuid import UUID

from django.db import transaction

from thecal.clinic import clock, orders, store
from thecal.clinic.charting import system
from thecal.clinic.folder import Folder
from thecal.clinic.models import PumpHour, PumpRecord
from thecal.pump import LinkDown, Status, Stopped, Ward, profile, runner
from thecal.quantity import MS_PER_HOUR, Refused
from thecal.therapy import AnyEvent, Chart, Order, build, events, refusals

_log = logging.getLogger(__name__)
_END_S = 10.0
_VERIFY_S = 0.02
_CAUSES = {
    "late": "the pump was late and caught nothing up",
    "restart": "the pump's process was not running",
    "empty": "the reservoir was empty",
    "cap": "a cap was reached",
}


class Keeper:
    """The pumps of one data folder."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.ward = Ward(folder.pumps)
        self._verified = UUID(int=0)
        self._damaged: dict[UUID, str] = {}

    def turn(self) -> None:
        """Start what is not running, look at each pump once, and verify the ledgers of some more charts."""
        for record in PumpRecord.objects.exclude(retired_ms=None).exclude(folder=""):
            self._retire(record)
        for started in self.ward.keep():
            _log.info("started the process of pump %s", started)
        for record in PumpRecord.objects.filter(retired_ms=None):
            try:
                self._look(record)
            except Refused as refused:  # a chart that cannot be trusted must not leave the other pumps unwatched
                _log.error("pump %s: %s", record.pump, refused)
        self.verify()

    def verify(self) -> None:
        """Check ledgers from their first byte, in turn, for a moment; a damaged one stands first on the worklist."""
        deadline, seen = time.monotonic() + _VERIFY_S, set[UUID]()
        while self._verified not in seen:
            seen.add(self._verified)
            self._verified, trouble = store.verify_next(self._verified)
            if trouble and trouble != self._damaged.get(self._verified):
                _log.error("chart %s: %s", self._verified, trouble)
            self._damaged[self._verified] = trouble
            if time.monotonic() > deadline:
                return

    def stop(self) -> None:
        """End every pump process; therapy goes on at the next start, with the gap on the chart."""
        self.ward.stop_all()

    def _look(self, record: PumpRecord) -> None:
        try:
            link = orders.link(record)
            status = link.status()
            last = PumpHour.objects.filter(pump=record).order_by("-start_ms").values_list("start_ms", flat=True).first()
            due = last is None or status.now >= last + 2 * MS_PER_HOUR
            hours = link.hours(0 if last is None else last + 1) if due else []
        except (LinkDown, Refused) as trouble:
            PumpRecord.objects.filter(pk=record.pk).update(trouble=str(trouble)[:300])
            return
        with transaction.atomic():
            PumpHour.objects.bulk_create(
                (
                    PumpHour(
                        pump=record, start_ms=hour.start, pulses=hour.pulses, volume_nl=hour.nl, tip_fg=hour.tip_fg
                    )
                    for hour in hours
                ),
                ignore_conflicts=True,
            )
            PumpRecord.objects.filter(pk=record.pk).update(
                status=json.loads(json.dumps(asdict(status))), seen_ms=status.now, trouble=""
            )
        self._gaps(record, status)
        self._settle(record, status)

    def _gaps(self, record: PumpRecord, status: Status) -> None:
        new = status.gap_count - record.gaps_noted
        if new <= 0:
            return
        for gap in status.gaps[-new:]:
            if gap.missed == 0:
                continue  # a restart between two pulses lost nothing
            chart = store.load(record.chart)
            pulse = profile(status.profile_id).need("pulse_nl")[0]
            event = build(
                events.PumpGapNoted,
                system(clock.now()),
                pump=record.pump,
                start=gap.start,
                end=gap.end,
                missed_nl_low=gap.missed * pulse,
                missed_nl_high=gap.missed * pulse,
                cause=_CAUSES[gap.reason],
            )
            if refusals(chart, event):
                return  # the chart does not take it yet (a trial pump that is being set up): try again later
            store.write(record.chart, None, event)
        PumpRecord.objects.filter(pk=record.pk).update(gaps_noted=status.gap_count)

    def _settle(self, record: PumpRecord, status: Status) -> None:
        for order in reversed(store.load(record.chart).orders):
            if order.event.pump == record.pump:
                self._settle_order(record, order, status)
                return

    def _settle_order(self, record: PumpRecord, order: Order, status: Status) -> None:
        """The newest order of a pump, against what the pump says that it runs."""
        runs = status.prescription_digest == order.digest
        if runs and order.state in ("sent", "disputed"):
            orders.acknowledge(record.chart, order.digest)
        if order.state == "acknowledged" and runs:
            if record.watched_digest != order.digest:
                PumpRecord.objects.filter(pk=record.pk).update(
                    watched_digest=order.digest, watched_pulses=status.delivered_pulses
                )
            elif evidence := _evidence(order, status, record.watched_pulses):
                self._system(record, order, "acknowledged", events.PrescriptionConfirmed, evidence=evidence)
        if order.state in ("acknowledged", "confirmed") and not runs and not self._runs_now(record, order):
            reason = "The pump says that it runs another prescription."
            self._system(record, order, order.state, events.PrescriptionDisputed, reason=reason)

    def _runs_now(self, record: PumpRecord, order: Order) -> bool:
        """Asked again, since the order may have reached the pump after ``status`` was taken; in doubt, yes."""
        try:
            return orders.link(record).status().prescription_digest == order.digest
        except LinkDown:
            return True

    def _system(
        self,
        record: PumpRecord,
        order: Order,
        state: str,
        event: type[events.PrescriptionConfirmed] | type[events.PrescriptionDisputed],
        **fields: str,
    ) -> None:
        def made(chart: Chart) -> list[AnyEvent]:
            now = chart.order(order.digest)
            if now is None or now.state != state:
                return []
            return [build(event, system(clock.now()), prescription=order.digest, **fields)]

        store.decide(record.chart, None, made)

    def _retire(self, record: PumpRecord) -> None:
        """Take a pump out of use: end its process, put its folder away, keep its hours and its last status."""
        folder, away = self.folder.pumps / record.folder, self.folder.root / "retired-pumps" / record.folder
        if folder.exists():
            self._look(record)  # the last hours and the last status
            if (process := runner(folder)) is not None:
                os.kill(process, signal.SIGTERM)
            deadline = time.monotonic() + _END_S
            while runner(folder) is not None:
                if time.monotonic() > deadline:
                    _log.warning("pump %s does not end; asked again at the next turn", record.pump)
                    return
                time.sleep(0.02)
            away.parent.mkdir(exist_ok=True, mode=0o700)
            shutil.move(folder, away)
        PumpRecord.objects.filter(pk=record.pk).update(folder="")


def _evidence(order: Order, status: Status, since: int) -> str:
    given = status.delivered_pulses - since
    if isinstance(order.prescription.program, Stopped):
        return "" if status.state == "running" else f"nothing is given; counter stands at {status.delivered_pulses}"
    return f"{given} pulses counted since it began, {status.delivered_pulses} in all" if given >= 1 else ""
