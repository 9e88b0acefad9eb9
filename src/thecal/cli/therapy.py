"""``thecal candidacy``, ``thecal trial analyse`` and ``thecal convert``: the rules of the pathway by hand.

Each prints text for people, or JSON with ``--json`` (exact rationals as text). A refusal ends with code 2 and says what
would be accepted.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel

from thecal.cli import therapy_bench  # noqa: F401 - joins the commands of bench
from thecal.quantity import DOSE_RATE, Kind, Refusal, Refused, auto, decimal_text, parse

if TYPE_CHECKING:
    from thecal.therapy.candidacy import Assessment
    from thecal.therapy.conversion import Conversion, Count, Rotation
    from thecal.therapy.trials import Analysis

trial_app = typer.Typer(help="Trials: read a diary against its plan.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def candidacy(
    file: Annotated[Path | None, typer.Argument(help="A ledger export, or TOML with findings.")] = None,
    ruleset: Annotated[
        str, typer.Option(help="The rule set to read the chart by; --list names them.")
    ] = "source_document",
    as_json: AsJson = False,
    list_rulesets: Annotated[bool, typer.Option("--list", help="Name the rule sets, and stop.")] = False,
) -> None:
    """How each criterion of a rule set stands in a chart, on what evidence, and what is missing next.

    It lists evidence; a clinician decides. The file formats are in docs/therapy/candidacy.md.

    Example: thecal candidacy patient.toml --ruleset us_medicare --json
    """
    from thecal.therapy.candidacy import evaluate, read_chart, rulesets

    if list_rulesets:
        typer.echo(_json(rulesets()) if as_json else "\n".join(rulesets()))
        return
    chart, now = read_chart(_bytes(file, "FILE"))
    found = evaluate(chart, ruleset, now)
    typer.echo(_json(found) if as_json else _assessment(found))


@trial_app.command("analyse", no_args_is_help=True)
def analyse_trial(
    diary: Annotated[Path, typer.Argument(help="The diary: CSV with time and pain, see docs/therapy/trial.md.")],
    plan: Annotated[Path, typer.Option(help="The plan: TOML with the rule that was declared before the start.")],
    as_json: AsJson = False,
) -> None:
    """Read a trial: verdict by its declared rule, responders, lasting relief, function, side effects, opioids.

    Example: thecal trial analyse diary.csv --plan plan.toml
    """
    from thecal.therapy.trials import analyse, read_diary, read_plan

    found = analyse(read_plan(_bytes(plan, "--plan")), read_diary(_bytes(diary, "DIARY")))
    record = found.verdict.record()
    told = {"outcome": record.outcome, **plain(record)}
    more = {"verdict": {**plain(found.verdict), **told}, "watched_until": found.watched_until}
    typer.echo(_json({**plain(found), **more}) if as_json else _analysis(found))


def convert(
    dose: Annotated[str, typer.Argument(help="A daily dose with its unit, for example '240 mg/day'.")] = "",
    drug: Annotated[str, typer.Argument(help="The drug.")] = "morphine",
    start: Annotated[
        str, typer.Option("--from", help="Route now: oral, intravenous, subcutaneous, epidural or intrathecal.")
    ] = "oral",
    end: Annotated[str, typer.Option("--to", help="Route wanted.")] = "intrathecal",
    ratio: Annotated[
        str | None, typer.Option(help="The ratio that a person chose: its id, or its number where one has it (300:1).")
    ] = None,
    population: Annotated[str, typer.Option(help="opioid_naive, opioid_tolerant, unknown or interrupted.")] = "unknown",
    factor: Annotated[str | None, typer.Option(help="Oral morphine per mg of another oral opioid, as chosen.")] = None,
    reduction: Annotated[str | None, typer.Option(help="A published share to start with, by its id.")] = None,
    to_drug: Annotated[str | None, typer.Option(help="Change the drug by one route instead: the new drug.")] = None,
    equivalents: Annotated[
        str | None,
        typer.Option(
            "--mme", help="Count a day's systemic opioids: 'oxycodone 40 mg + fentanyl_transdermal 25 mcg/h'."
        ),
    ] = None,
    factors: Annotated[
        str, typer.Option(help="The set of factors to count by: cdc2022, cdc2016, vonkorff.")
    ] = "cdc2022",
    as_json: AsJson = False,
    list_ratios: Annotated[bool, typer.Option("--list", help="Name the ratios, and stop.")] = False,
) -> None:
    """A daily dose by another route as a band with its sources. It never gives one dose: a person signs the ratio.

    Examples: thecal convert '60 mg/day' morphine --from oral --to intrathecal --ratio oral_it_100_scand,
    thecal convert '6 mg/day' --from intrathecal --to-drug hydromorphone, thecal convert --mme 'oxycodone 40 mg'
    """
    from thecal.therapy import conversion

    if list_ratios:
        lines = (
            f"{r.id}: {r.weaker} to {r.stronger}, {_number(r.band.centre)}, {r.direction}" for r in conversion.ratios()
        )
        typer.echo(_json(conversion.ratios()) if as_json else "\n".join(lines))
        return
    if equivalents is not None:
        counted = conversion.daily_mme(conversion.read_day(equivalents), factors)
        typer.echo(_json(counted) if as_json else _count(counted))
        return
    amount, drug, start, end = _daily(dose), drug.strip().lower(), start.strip().lower(), end.strip().lower()
    if to_drug is not None:
        turned = conversion.rotate(amount, drug, to_drug.strip().lower(), start)
        typer.echo(_json(turned) if as_json else _rotation(turned))
        return
    found = conversion.convert(
        amount, drug, start, end, population, ratio_id=ratio, factor=_factor(factor), reduction_id=reduction
    )
    typer.echo(_json(found) if as_json else _conversion(found))


def _bytes(path: Path | None, where: str) -> bytes:
    if path is None or not path.is_file():
        raise Refused(Refusal("no_file", f"There is no file {str(path)[:100]!r}.", where, "Name a file that exists."))
    return path.read_bytes()


def _daily(text: str) -> int:
    """A daily dose in fg/day, above zero, in the spellings that ``thecal calc`` reads."""
    from thecal.therapy.calc.spelling import spelled

    amount = parse(spelled(text), DOSE_RATE)
    if not amount:
        raise Refused(Refusal("dose_zero", "A dose of zero converts into nothing.", "dose", "Give a dose above zero."))
    return amount


def _factor(text: str | None) -> Fraction | None:
    if text is None:
        return None
    plain = text.replace(".", "", 1)
    if not plain.isascii() or not plain.isdigit() or len(text) > 20 or text.startswith("."):
        raise Refused(Refusal("factor", f"{text[:40]!r} is no factor.", "--factor", "A plain number above 0."))
    return Fraction(text)


def _json(value: object) -> str:
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """A result as JSON values: exact rationals and large integers of mass as they are, never rounded."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Kind):
        return value.name
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _assessment(found: "Assessment") -> str:
    lines = [f"{found.name} ({found.ruleset}, version {found.version})", found.advice, ""]
    for title, items in (("Criteria", found.items), ("Safety", found.safety)):
        lines.append(f"{title}:")
        for item in items:
            flag = "" if item.confirmed else " [unconfirmed]"
            lines.append(f"  {item.words:22} {item.criterion}: {item.statement}{flag}")
            lines += [f"      evidence: {text}" for text in item.evidence]
            lines += [f"      caution: {item.caution}"] if item.caution else []
            lines += [f"      missing: {item.missing}"] if item.missing else []
    return "\n".join(lines)


def _analysis(found: "Analysis") -> str:
    lines = list(found.verdict.reasons)
    lines.append(f"Verdict: {found.verdict.record().outcome}")
    marks = {True: "reached", False: "not reached", None: "cannot be said"}
    lines += ["", "Responder definitions:"]
    lines += [
        f"  {each.id} ({each.pct} %): {each.words}{f' ({each.lacks})' if each.lacks else ''}"
        for each in found.responders
    ]
    if found.lasting is not None:
        hours = decimal_text(Fraction(found.lasting.longest_ms, 3_600_000), 3)
        lines.append(f"More than 50 % relief for 8 h: {marks[found.lasting.reached]}, longest {hours} h")
    for each in found.changes:
        reached = ", ".join(f"{mark.value} {mark.unit} {marks[done]}" for mark, done in each.reached)
        lines.append(f"{each.name}: {_number(each.before)} to {_number(each.after)}; {reached or 'no published mark'}")
    lines += [f"Goal {name}: {'reached' if done else 'missed'}" for name, done in found.goals]
    lines += [f"Side effect {name}: {grade}" for name, grade in found.side_effects]
    lines += [f"RED FLAG: {name}" for name in found.red_flags]
    days = ", ".join("no entry" if day.mme is None else _number(day.mme) for day in found.opioids)
    before = "unknown" if found.opioid_before is None else _number(found.opioid_before)
    lines.append(f"Systemic opioid, MME/day for counting only: before {before}; by trial day {days}")
    for watch in found.watches:
        lines.append(
            f"Watch from {_stamp(watch.start)} to {_stamp(watch.end)}: {watch.reason}; {len(watch.checks)} checks"
        )
    lines.append(f"Watched until {_stamp(found.watched_until)}: the latest end counts")
    lines += [
        f"Complication: {each.what}: {each.rate}{'' if each.confirmed else ' [unconfirmed]'}"
        for each in found.complications
    ]
    lines += [f"Warning: {each}" for each in found.warnings]
    lines += [f"Not known: {text}" for text in found.lacks]
    return "\n".join(lines)


def _conversion(found: "Conversion") -> str:
    flag = "" if found.ratio.confirmed else ", unconfirmed"
    who = "chosen" if found.chosen else "nobody chose one; this is the middle of the list"
    lines = [
        f"{found.drug}, {found.start_route} to {found.end_route}: {_band(found.dose)}",
        f"  ratio {found.ratio.id} ({who}){flag}; {found.ratio.source}",
        f"  all sources: {auto(found.spread.low, DOSE_RATE)} to {auto(found.spread.high, DOSE_RATE)}",
    ]
    lines += [f"    {each.id}: {_band(band)}" for each, band in found.each]
    lines += [f"  ceiling: {ceiling}" for ceiling in found.ceilings]
    lines += [f"  start after {found.reduction.id}: {_band(found.start)}"] if found.start and found.reduction else []
    lines += [f"  warning: {each}" for each in found.warnings]
    return "\n".join([*lines, f"  {found.sign}"])


def _rotation(found: "Rotation") -> str:
    flag = "" if found.confirmed else " [unconfirmed]"
    lines = [
        f"{found.old} to {found.new}, {found.route}: {_band(found.calculated)}{flag}",
        f"  start after {found.reduction.id}: {_band(found.start)}",
        f"    {found.reduction.what}: {found.reduction.figure}; {found.reduction.source}"
        f"{'' if found.reduction.confirmed else ' [unconfirmed]'}",
    ]
    lines += [f"  ratios: {', '.join(found.rows)}"]
    lines += [f"  source: {source}" for source in found.sources]
    lines += [f"  warning: {each}" for each in found.warnings]
    return "\n".join([*lines, "  Nobody has chosen a dose: a person chooses the starting dose, and signs."])


def _count(found: "Count") -> str:
    flag = "" if found.confirmed else " [unconfirmed]"
    lines = [f"Morphine equivalents of a day: {decimal_text(found.total, 6)} mg ({found.factors}){flag}"]
    lines += [f"  {name}: {decimal_text(mme, 6)} mg" for name, mme in found.each]
    return "\n".join([*lines, f"  for: {found.use}; never to convert a dose", f"  source: {found.source}"])


def _band(band: Any) -> str:
    if band.low == band.high:
        return f"{auto(band.centre, DOSE_RATE)} (one published figure, no spread)"
    low, centre, high = (auto(each, DOSE_RATE) for each in (band.low, band.centre, band.high))
    return f"low {low}, centre {centre}, high {high}"


def _stamp(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _number(value: Fraction) -> str:
    return decimal_text(value, 4)
