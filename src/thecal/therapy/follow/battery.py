"""Planning of a replacement: how long a battery lasts, and the days from its indicator to the end. Times ms UTC."""

from dataclasses import dataclass

from thecal.pump import profile
from thecal.quantity import MS_PER_DAY, Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.numbers import whole
from thecal.therapy.reference import cite, load

YEAR_MS = 1461 * MS_PER_DAY // 4


@dataclass(frozen=True, slots=True)
class BatteryPlan:
    """When a pump must be replaced. ``earliest`` and ``latest`` None: it has no battery, or nothing is published.

    ``end_of_service`` is set once the indicator was seen: by then the new pump must be in.
    """

    earliest: int | None
    latest: int | None
    end_of_service: int | None
    advice: str
    source: str
    confirmed: bool
    note: str


@checked
def battery_plan(profile_id: str, implanted: int, now: int, indicated: int | None = None) -> BatteryPlan:
    """The plan for a pump of this model, implanted at ``implanted``, whose indicator was seen at ``indicated`` (ms).

    Raises Refused for an unknown model, and for times that contradict each other.
    """
    model = profile(profile_id)
    whole("implanted", implanted)
    if whole("now", now) < implanted or (
        indicated is not None and not implanted <= whole("indicated", indicated) <= now
    ):
        do = "Implant, indicator and now follow each other."
        raise Refused(Refusal("times", "These times contradict each other.", "implanted", do))
    row = next((each for each in load("refill")["battery"] if each["id"] == model.actuation), None)
    if row is None:
        what = f"Nothing is published here of the battery of {model.name}."
        return BatteryPlan(None, None, None, what, "", confirmed=False, note="")
    source, note = cite("refill", row["src"]), row.get("note", "")
    if "low_years" not in row:
        return BatteryPlan(None, None, None, "No battery to replace.", source, row["confirmed"], note)
    early, late = implanted + row["low_years"] * YEAR_MS, implanted + row["high_years"] * YEAR_MS
    if indicated is None:
        advice = "Plan the replacement: its time has come." if now >= early else "Nothing to plan yet."
        return BatteryPlan(early, late, None, advice, source, row["confirmed"], note)
    days = row.get("eri_to_eos_days")
    end = None if days is None else indicated + days * MS_PER_DAY
    advice = (
        "Replace before the end of service."
        if end is None or now < end
        else "The end of service has passed: replace now."
    )
    if end is None:
        advice += " How long it lasts after its indicator is not published: ask the maker."
    return BatteryPlan(early, late, end, advice, source, row["confirmed"], note)
