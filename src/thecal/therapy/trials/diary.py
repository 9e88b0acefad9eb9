"""Read a trial's diary (CSV) and plan (TOML): typed, bounded, every fault named with its line.

Columns: ``time`` (ISO 8601 with zone) and any of ``pain`` (0 to 10), ``side_effects`` ("nausea=mild; itch=none"),
``opioid`` ("oxycodone 20 mg; ..."), ``measures`` ("bpi_interference=6.4; odi=44"), ``goal`` ("walk=reached"),
``dose`` ("saline" or "drug", a dose given by hand), ``note``. A row says any of these. See docs/therapy/trial.md.
"""

import csv
import io
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from thecal.quantity import DOSE_RATE, MASS, QuantityError, Refusal, Refused, parse
from thecal.therapy.door import checked
from thecal.therapy.events import SHOTS, OpioidIntake, PassRule, TrialPlanned, stamp
from thecal.therapy.events.follow import Grade
from thecal.therapy.trial import plan_refusals
from thecal.therapy.trials.instruments import read_score

COLUMNS = ("time", "pain", "side_effects", "opioid", "measures", "goal", "dose", "note")
GRADES: tuple[Grade, ...] = ("none", "mild", "moderate", "severe")
ROWS_MAX = 100_000
BYTES_MAX = 20_000_000
_PLAN = {
    "method",
    "route",
    "solution",
    "dose",
    "shot",
    "start",
    "days",
    "pump_profile",
    "tip_level",
    "setting",
    "blinding",
    "population",
    "pain",
    "risks",
    "watch_hours",
    "watch_reason",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the diary, at ``at`` (ms UTC). Fields that the row leaves empty are None or empty, never zero."""

    at: int
    pain: int | None = None
    side_effects: tuple[tuple[str, Grade], ...] = ()
    opioids: tuple[OpioidIntake, ...] = ()
    measures: tuple[tuple[str, Fraction], ...] = ()
    goals: tuple[tuple[str, bool], ...] = ()
    dose: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """The plan: the event's own fields, when the trial starts (ms UTC), and for whom it is."""

    planned: TrialPlanned
    start: int
    population: str = "unknown"
    pain: str = "noncancer"
    risks: tuple[str, ...] = ()
    baseline_opioids: tuple[OpioidIntake, ...] | None = field(default=None)


@checked
def read_diary(data: bytes) -> tuple[Entry, ...]:
    """The diary in order of time. Raises Refused naming each line that is wrong, and for a file without entries."""
    if len(data) > BYTES_MAX:
        raise Refused(Refusal("too_large", "The diary is larger than 20 MB.", "diary", "Split it."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(Refusal("not_text", "The diary is not UTF-8 text.", "diary", "Save it as CSV, UTF-8.")) from None
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        head = [name.strip().lower() for name in next(rows, [])]
        _head(head)
        found, wrong = list[Entry](), list[Refusal]()
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(found) + len(wrong) >= ROWS_MAX:
                raise Refused(Refusal("too_many", f"More than {ROWS_MAX} rows.", "diary", "Split it."))
            try:
                found.append(_entry(head, row, rows.line_num))
            except Refused as refused:
                wrong += refused.refusals
    except csv.Error as error:
        what = f"The diary is not CSV: {error}."
        raise Refused(Refusal("not_csv", what, f"line {rows.line_num}", f"Columns: {', '.join(COLUMNS)}.")) from None
    if wrong:
        raise Refused(*wrong[:50])
    if not found:
        raise Refused(Refusal("no_entries", "The diary holds no entry.", "diary", f"Columns: {', '.join(COLUMNS)}."))
    return tuple(sorted(found, key=lambda entry: entry.at))


@checked
def read_plan(data: bytes) -> TrialPlan:
    """The plan. Raises Refused naming each field that is wrong, missing or not known."""
    try:
        plain = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(
            Refusal("not_toml", f"The plan is not TOML: {error}.", "plan", "See docs/therapy/trial.md.")
        ) from None
    trial, rule = _table(plain, "trial"), _table(plain, "rule")
    extra = [name for name in plain if name not in ("trial", "rule", "baseline_opioid")]
    extra += [f"trial.{name}" for name in trial if name not in _PLAN]
    if extra:
        do = f"Use [trial] with {', '.join(sorted(_PLAN))}; [rule]; [[baseline_opioid]]."
        raise Refused(Refusal("unknown_field", f"The plan does not know {', '.join(extra)[:200]}.", "plan", do))
    start = _time(str(trial.get("start", "")), "trial.start")
    given: dict[str, Any] = {"dose_fg_day": 0}
    for name, place, kind in (("dose", "dose_fg_day", DOSE_RATE), ("shot", "shot_fg", MASS)):
        if name in trial or (name == "dose" and "shot" not in trial):
            try:
                given[place] = parse(str(trial.get(name, "")), kind)
            except QuantityError as error:
                raise Refused(Refusal("dose", str(error), f"trial.{name}")) from None
    given |= {
        name: trial[name] for name in ("method", "route", "solution", "days", "setting", "blinding") if name in trial
    }
    given |= {name: trial[name] for name in ("watch_hours", "watch_reason") if name in trial}
    pump = None if trial.get("method") in SHOTS else "none"
    given |= {"pump_profile": trial.get("pump_profile", pump), "tip_level": trial.get("tip_level", "T10")}
    try:
        meta = stamp(max(start, 0), "plan file", "prescriber", entropy=bytes)
        planned = TrialPlanned(meta=meta, rule=PassRule(**rule), **given)
        opioids = plain.get("baseline_opioid")
        taken = None if opioids is None else tuple(OpioidIntake(**row) for row in opioids)
    except (ValidationError, TypeError) as error:
        raise Refused(*_validation(error)) from None
    wrong = plan_refusals(planned)
    if wrong:
        raise Refused(*wrong)
    if trial.get("pain", "noncancer") not in ("noncancer", "cancer"):
        raise Refused(Refusal("pain", f"{trial['pain']!r} is no cause of pain.", "trial.pain", "noncancer or cancer."))
    risks = trial.get("risks", [])
    if not isinstance(risks, list) or not all(isinstance(each, str) for each in risks):
        raise Refused(Refusal("risks", "Risks are a list of texts.", "trial.risks", '["sleep apnoea"]'))
    population = str(trial.get("population", "unknown"))
    return TrialPlan(planned, start, population, trial.get("pain", "noncancer"), tuple(risks), taken)


def _validation(error: ValidationError | TypeError) -> list[Refusal]:
    if isinstance(error, TypeError):
        return [Refusal("plan_field", str(error), "plan", "See docs/therapy/trial.md.")]
    return [
        Refusal("plan_field", f"{each['msg']} (given: {repr(each['input'])[:60]})", ".".join(map(str, each["loc"])))
        for each in error.errors(include_url=False)
    ]


def _table(plain: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = plain.get(name, {})
    if not isinstance(table, dict) or (name == "trial" and not table):
        raise Refused(Refusal("plan_field", f"The plan has no table [{name}].", name, "See docs/therapy/trial.md."))
    return table


def _head(head: list[str]) -> None:
    unknown = [name for name in head if name not in COLUMNS]
    if "time" not in head or unknown or len(set(head)) != len(head):
        what = f"The columns are {', '.join(head)[:100] or 'missing'}."
        raise Refused(Refusal("columns", what, "line 1", f"Use time and any of {', '.join(COLUMNS[1:])}, each once."))


def _entry(head: list[str], row: list[str], line: int) -> Entry:
    where = f"line {line}"
    if len(row) != len(head):
        what = f"{len(row)} cells where {len(head)} are named."
        raise Refused(Refusal("cells", what, where, "Give each column its cell, empty where nothing is known."))
    cell = {name: text.strip() for name, text in zip(head, row, strict=True)}
    dose = cell.get("dose", "")
    if dose not in ("", "saline", "drug"):
        raise Refused(Refusal("dose", f"{dose[:40]!r} is no kind of dose.", f"{where}, dose", "Use drug or saline."))
    return Entry(
        at=_time(cell["time"], f"{where}, time"),
        pain=_pain(cell.get("pain", ""), f"{where}, pain"),
        side_effects=_pairs(cell.get("side_effects", ""), f"{where}, side_effects", _grade),
        opioids=tuple(_opioid(each, f"{where}, opioid") for each in _parts(cell.get("opioid", ""))),
        measures=_pairs(cell.get("measures", ""), f"{where}, measures", read_score),
        goals=_pairs(cell.get("goal", ""), f"{where}, goal", _goal),
        dose=dose,
        note=cell.get("note", "")[:1000],
    )


def _time(text: str, where: str) -> int:
    do = "Write a time with its zone, for example 2026-03-04T08:00Z."
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(Refusal("time", f"{text[:40]!r} is not a time.", where, do)) from None
    if at.tzinfo is None:
        raise Refused(Refusal("time_zone", f"{text[:40]!r} has no zone.", where, do))
    if not 1970 < at.year < 9000:
        raise Refused(Refusal("time", f"{text[:40]!r} is out of range.", where, do))
    delta = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return delta.days * 86_400_000 + delta.seconds * 1000 + delta.microseconds // 1000


def _pain(text: str, where: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 2 or int(text) > 10:
        raise Refused(
            Refusal("pain", f"{text[:40]!r} is no pain score.", where, "A whole number from 0 to 10, or empty.")
        )
    return int(text)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _pairs[T](text: str, where: str, read: Callable[[str, str], T]) -> tuple[tuple[str, T], ...]:
    found = []
    for part in _parts(text):
        name, mark, value = (each.strip() for each in part.partition("="))
        if not mark or not name:
            raise Refused(Refusal("pair", f"{part[:40]!r} is not name=value.", where, "Write name=value; name=value."))
        try:
            found.append((name[:100], read(name, value)))
        except Refused as refused:
            raise Refused(*(Refusal(r.code, r.what, where, r.do) for r in refused.refusals)) from None
    return tuple(found)


def _grade(_name: str, text: str) -> Grade:
    for grade in GRADES:
        if text == grade:
            return grade
    raise Refused(Refusal("grade", f"{text[:40]!r} is no grade.", "", f"Use one of {', '.join(GRADES)}."))


def _goal(_name: str, text: str) -> bool:
    if text not in ("reached", "missed"):
        raise Refused(Refusal("goal", f"{text[:40]!r} says nothing of a goal.", "", "Use reached or missed."))
    return text == "reached"


def _opioid(text: str, where: str) -> OpioidIntake:
    drug, _, amount = text.partition(" ")
    try:
        return OpioidIntake(drug=drug, amount=amount.strip())
    except ValidationError:
        do = "Write drug and amount, for example oxycodone 20 mg."
        raise Refused(Refusal("opioid", f"{text[:40]!r} is no opioid with its amount.", where, do)) from None
