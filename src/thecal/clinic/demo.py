"""The made-up clinic: accounts, and patients at every stage, made through the same rules and pumps as real ones.

Nobody in it exists. Times lie before the clock's now; pump histories are run by the device itself, not written by hand.
"""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from thecal.body import sample_diary
from thecal.clinic import clock, store
from thecal.clinic.folder import Folder, write_private
from thecal.clinic.models import Profile, PumpHour, PumpRecord
from thecal.exchange import example_bundles, read_bundle
from thecal.formulary import Solution
from thecal.pump import (
    Caps,
    Device,
    FileStorage,
    Prescription,
    Program,
    PumpConfig,
    SimpleContinuous,
    create_pump,
    load,
    profile,
    pump_folders,
    refill,
)
from thecal.quantity import DOSE_RATE, MASS, MS_PER_DAY, VOLUME, parse
from thecal.therapy import AnyEvent, Role, build, conclude, evaluate, events, fold, stamp, uuid7

ACCOUNTS: tuple[tuple[str, str, Role], ...] = (
    ("nurse", "Noor Visser", "nurse"),
    ("prescriber", "Petra Salo", "prescriber"),
    ("pharmacist", "Filipa Costa", "pharmacist"),
    ("auditor", "Arun Mehta", "auditor"),
)
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "lotus", "maple", "olive")
_SEED = 20260105


def make_accounts(folder: Folder) -> None:
    """One account a role, with passwords made now, printed at each start from a file that only the owner can read."""
    lines = ["Sign in as"]
    for username, name, role in ACCOUNTS:
        password = f"{secrets.choice(_WORDS)}-{secrets.token_hex(3)}-{secrets.token_hex(3)}"
        first, last = name.split(" ")
        user = User.objects.create_user(username, password=password, first_name=first, last_name=last)
        Profile.objects.create(user=user, role=role)
        lines.append(f"  {username:<11} {password}   ({name})")
    write_private(folder.demo_file, "\n".join(lines) + "\n")


def make_patients(folder: Folder) -> None:
    """Patients from referral to therapy. All or nothing, so a start that was broken off begins again."""
    for left in pump_folders(folder.pumps):
        shutil.rmtree(left)
    with transaction.atomic():
        for make in (_referred, _imported, _planned, _on_trial, _deciding, _in_therapy, _runs_fast, _declined):
            make(clock.now())


@dataclass(slots=True)
class _Story:
    """One made-up patient: events in order of time, written all at once at the end."""

    name: str
    born: str
    now: int
    chart: UUID = field(default_factory=lambda: UUID(uuid7(clock.now(), secrets.token_bytes(10))))
    told: list[AnyEvent] = field(default_factory=list)

    def at(self, days_ago: float) -> int:
        return self.now - round(days_ago * MS_PER_DAY)

    def tell(self, event: type[events.Event], role: Role, days_ago: float, **fields: Any) -> None:
        author = next((name for _, name, known in ACCOUNTS if known == role), "Thecal")
        if role == "patient":
            author = "patient"
        made: Any = build(event, stamp(self.at(days_ago), author, role), **fields)
        self.told.append(made)

    def open(self, days_ago: float, diagnosis: str, **more: Any) -> None:
        self.tell(
            events.PatientRegistered,
            "nurse",
            days_ago,
            patient=str(self.chart),
            name=self.name,
            birth_date=self.born,
            diagnosis=diagnosis,
            pain_cause="noncancer",
            **more,
        )

    def tried(self, days_ago: float, **treatments: str) -> None:
        for treatment, outcome in treatments.items():
            self.tell(events.HistoryRecorded, "nurse", days_ago, treatment=treatment, outcome=outcome)

    def reviewed(self, days_ago: float) -> None:
        assessment = evaluate(fold(self.told))
        words = "Conservative care has failed and is documented; a trial is reasonable."
        self.tell(
            events.CandidacyReviewed,
            "prescriber",
            days_ago,
            ruleset=assessment.ruleset,
            snapshot=assessment.snapshot(),
            conclusion=words,
        )

    def diary(self, first: float, last: float, pain: Callable[[float], float], per_day: int = 4) -> None:
        """Entries from ``first`` to ``last`` days ago around ``pain(days ago)``."""
        count = int((first - last) * per_day)
        hours = [k * 24 / per_day for k in range(count)]
        expected = [pain(first - hour / 24) for hour in hours]
        for entry in sample_diary(_SEED, self.name, hours, expected, missing=0.05, purpose=f"diary {first}"):
            if entry.score is not None:
                self.tell(events.PainRecorded, "patient", first - entry.at_h / 24, score=entry.score)

    def plan(self, days_ago: float, dose: str, days: int) -> None:
        self.tell(
            events.TrialPlanned,
            "prescriber",
            days_ago,
            method="continuous_it",
            route="intrathecal",
            solution="morphine 0.5 mg/mL",
            dose_fg_day=parse(dose, DOSE_RATE),
            days=days,
            pump_profile="virtual_external_trial",
            tip_level="T11",
            path_nl=parse("0.3 mL", VOLUME),
            rule=events.PassRule(),
        )

    def write(self) -> None:
        store.write(self.chart, 0, *self.told)


@dataclass(slots=True)
class _Pump:
    """A pump of a story, run by the device from the day it was made."""

    story: _Story
    role: PumpRecord.Role
    config: PumpConfig
    made_ago: float
    id: str = field(init=False)
    device: Device = field(init=False)
    _storage: FileStorage = field(init=False)

    def __post_init__(self) -> None:
        kind = "trial" if self.role == PumpRecord.Role.EXTERNAL else "pump"
        self.id = f"{kind}-{self.story.chart.hex[-8:]}-{secrets.token_hex(3)}"
        made = self.story.at(self.made_ago)
        owned = replace(self.config, patient=str(self.story.chart))
        folder = create_pump(settings.FOLDER.pumps, self.id, owned, made=made)
        self._storage = FileStorage(folder / "journal", durable=False)
        self.device = Device.open(self._storage, made)

    def prescribe(self, days_ago: float, program: Program, caps: Caps, *, purpose: str) -> str:
        """Load a program at its time and tell its four steps on the chart; returns its digest."""
        story, now = self.story, self.story.at(days_ago)
        order = Prescription(
            id=uuid7(now, secrets.token_bytes(10)),
            patient=str(story.chart),
            route="intrathecal",
            solution=self.device.fill,
            program=program,
            caps=caps,
            anchor=now - now % MS_PER_DAY,
            author=ACCOUNTS[1][1],
            written=now,
        )
        self.device.advance(now)
        load(self.device, order, profile(self.config.profile), now)
        text, digest = order.to_bytes().decode("ascii"), order.digest()
        story.tell(
            events.PrescriptionWritten,
            "prescriber",
            days_ago,
            prescription=text,
            digest=digest,
            pump=self.id,
            purpose=purpose,
        )
        story.tell(events.PrescriptionSent, "nurse", days_ago, prescription=digest)
        story.tell(events.PrescriptionAcknowledged, "system", days_ago, prescription=digest)
        return digest

    def confirmed(self, days_ago: float, digest: str) -> None:
        evidence = "counters rise as prescribed"
        self.story.tell(events.PrescriptionConfirmed, "system", days_ago, prescription=digest, evidence=evidence)

    def keep(self, retired_ago: float | None = None) -> None:
        """Run it to its end, note it in the database, and leave its folder to the ward, or put it away."""
        story = self.story
        end = story.now if retired_ago is None else story.at(retired_ago)
        self.device.advance(end)
        retired = None if retired_ago is None else end
        record = PumpRecord.objects.create(
            pump=self.id,
            chart=story.chart,
            role=self.role,
            folder=self.id if retired is None else "",
            made_ms=story.at(self.made_ago),
            retired_ms=retired,
            gaps_noted=self.device.gap_count,
        )
        PumpHour.objects.bulk_create(
            PumpHour(pump=record, start_ms=hour.start, pulses=hour.pulses, volume_nl=hour.nl, tip_fg=hour.tip_fg)
            for hour in self.device.hours(0)
        )
        self._storage.close()
        if retired is not None:
            shutil.rmtree(settings.FOLDER.pumps / self.id)


def _caps(hour: str, day: str) -> Caps:
    return Caps(parse(hour, MASS), parse(day, MASS))


def _continuous(dose: str) -> SimpleContinuous:
    return SimpleContinuous(parse(dose, DOSE_RATE))


def _referred(now: int) -> None:
    story = _Story("Ada Brandt", "1961-03-14", now)
    story.open(3, "Back pain after two operations", sex="female", weight_g=68_000, height_mm=1650)
    story.tried(2.9, physiotherapy="inadequate", oral_nsaid="not_tolerated")
    story.tried(2.8, oral_opioid="unknown")
    story.write()


def _imported(now: int) -> None:
    bundle = next(path for path in example_bundles() if path.stem == "after_back_surgery")
    chart = UUID(uuid7(now, secrets.token_bytes(10)))
    imported = read_bundle(bundle.read_bytes(), now_ms=now)
    store.write(chart, 0, *imported.events(now, ACCOUNTS[0][1], "nurse", str(chart)))


def _failed(story: _Story, days_ago: float) -> None:
    story.tried(
        days_ago,
        physiotherapy="inadequate",
        oral_nsaid="inadequate",
        oral_opioid="not_tolerated",
        chiropractic="inadequate",
        back_surgery="inadequate",
    )


def _planned(now: int) -> None:
    story = _Story("Clara Nystrom", "1957-11-02", now)
    story.open(12, "Spinal stenosis, failed decompression", sex="female", weight_g=74_000, height_mm=1690)
    _failed(story, 11.5)
    story.reviewed(8)
    story.plan(2, "0.8 mg/day", 5)
    story.diary(2.5, 0.2, lambda _ago: 7.2)
    story.write()


def _trial(story: _Story, started_ago: float, days: int, relief: float, ended_ago: float | None) -> None:
    """A trial from its baseline on; concluded when ``ended_ago`` is given."""
    _failed(story, started_ago + 12)
    story.reviewed(started_ago + 8)
    story.plan(started_ago + 4.5, "1 mg/day", days)
    story.diary(started_ago + 4, started_ago, lambda _ago: 7.4)
    solution = Solution.parse("morphine 0.5 mg/mL")
    config = PumpConfig("virtual_external_trial", parse("0.3 mL", VOLUME), None, solution, parse("50 mL", VOLUME))
    pump = _Pump(story, PumpRecord.Role.EXTERNAL, config, started_ago)
    digest = pump.prescribe(started_ago, _continuous("1 mg/day"), _caps("0.1 mg", "1.3 mg"), purpose="trial")
    story.tell(
        events.TrialStarted, "prescriber", started_ago, pump=pump.id, prescription=digest, fill_nl=config.fill_nl
    )
    pump.confirmed(started_ago - 0.1, digest)
    end = ended_ago if ended_ago is not None else 0.05
    story.diary(started_ago, end, lambda ago: 7.4 if started_ago - ago < 0.4 else 7.4 * (1 - relief))
    if ended_ago is not None:
        verdict = conclude(fold(story.told), story.at(ended_ago))
        story.tell(
            events.TrialConcluded,
            "prescriber",
            ended_ago,
            verdict=verdict.record(),
            function="Walked to the shops and back, for the first time in a year.",
        )
    pump.keep(retired_ago=ended_ago)


def _on_trial(now: int) -> None:
    story = _Story("Daniel Roth", "1969-07-21", now)
    story.open(25, "Failed back surgery syndrome", sex="male", weight_g=88_000, height_mm=1810)
    _trial(story, 3.2, 5, 0.6, None)
    story.write()


def _deciding(now: int) -> None:
    story = _Story("Elif Kaya", "1972-01-30", now)
    story.open(30, "Neuropathic leg pain after disc surgery", sex="female", weight_g=63_000, height_mm=1620)
    _trial(story, 7.1, 5, 0.65, 2)
    story.write()


def _implanted(story: _Story, implanted_ago: float, solution: str, dose: str, caps: Caps) -> _Pump:
    _trial(story, implanted_ago + 22, 5, 0.62, implanted_ago + 16.9)
    story.tell(
        events.DecisionRecorded,
        "prescriber",
        implanted_ago + 15,
        choice="implant",
        discussed=("implant", "oral", "stimulation", "none"),
        physician=ACCOUNTS[1][1],
        patient_agrees=True,
        patient_priorities="To sleep through the night and walk the dog.",
        reasons="More than half of the pain was relieved in the trial, without troubling side effects.",
    )
    mixed = Solution.parse(solution)
    config = PumpConfig("virtual_peristaltic_20", 387_500, None, mixed, parse("18 mL", VOLUME))
    pump = _Pump(story, PumpRecord.Role.IMPLANTED, config, implanted_ago)
    story.tell(
        events.ImplantRecorded,
        "prescriber",
        implanted_ago,
        site="abdomen",
        catheter=events.CatheterRecord(model="flowonix_11823", supplied_mm=(1100,), trimmed_mm=(375,)),
        tip_level="T10",
        tip_checked="fluoroscopy",
        pump_profile=config.profile,
        serial=f"V{secrets.randbelow(10**6):06d}",
        pump=pump.id,
        solution=solution,
        fill_nl=config.fill_nl,
        path="empty",
    )
    digest = pump.prescribe(implanted_ago - 0.02, _continuous(dose), caps, purpose="therapy")
    pump.confirmed(implanted_ago - 0.2, digest)
    return pump


def _in_therapy(now: int) -> None:
    story = _Story("Farid Haddad", "1954-05-09", now)
    story.open(95, "Back and leg pain after three operations", sex="male", weight_g=81_000, height_mm=1740)
    pump = _implanted(story, 40, "morphine 2 mg/mL", "0.6 mg/day", _caps("0.06 mg", "0.9 mg"))
    digest = pump.prescribe(20, _continuous("0.75 mg/day"), _caps("0.06 mg", "0.9 mg"), purpose="therapy")
    pump.confirmed(19.8, digest)
    story.diary(38, 0.2, lambda ago: 3.4 if ago > 20 else 2.8, per_day=2)
    pump.keep()
    story.write()


def _runs_fast(now: int) -> None:
    """A refill at which more was missing than the counters explain: the page must say so."""
    story = _Story("Greta Lind", "1949-09-17", now)
    story.open(120, "Osteoporotic fractures", sex="female", weight_g=59_000, height_mm=1580)
    pump = _implanted(story, 48, "morphine 5 mg/mL", "1.5 mg/day", _caps("0.1 mg", "2 mg"))
    when = story.at(6)
    pump.device.advance(when)
    expected = pump.device.status(when).reservoir_nl
    withdrawn, fill = expected - parse("2.4 mL", VOLUME), parse("18 mL", VOLUME)
    refill(pump.device, profile(pump.config.profile), withdrawn, pump.config.fill, fill, when)
    story.tell(
        events.RefillRecorded,
        "nurse",
        6,
        pump=pump.id,
        start_nl=pump.config.fill_nl,
        expected_nl=expected,
        withdrawn_nl=withdrawn,
        fill_nl=fill,
        solution=str(pump.config.fill),
        lot="made up",
    )
    story.diary(46, 0.3, lambda _ago: 3.8, per_day=2)
    pump.keep()
    story.write()


def _declined(now: int) -> None:
    story = _Story("Hugo Meier", "1980-12-05", now)
    story.open(40, "Complex regional pain", sex="male", weight_g=79_000, height_mm=1780)
    _trial(story, 30, 5, 0.25, 24.9)
    story.tell(
        events.DecisionRecorded,
        "prescriber",
        20,
        choice="stimulation",
        discussed=("implant", "oral", "stimulation", "none"),
        physician=ACCOUNTS[1][1],
        patient_agrees=True,
        reasons="The trial did not reach its mark; stimulation suits the pain and the patient's work better.",
    )
    story.write()
