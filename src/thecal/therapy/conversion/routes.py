"""Convert a daily dose of one drug from one route to another: low, centre and high, each with its ratio and source.

Doses fg/day as exact rationals. It shows a spread and its ceilings; it never gives one dose, and a person signs the
ratio. Formula: into the stronger route D / ratio, back D x ratio. docs/therapy/conversion.md.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from thecal.formulary import drug as drug_entry
from thecal.formulary import drug_ids
from thecal.quantity import DOSE_RATE, Refusal, Refused, auto
from thecal.therapy.conversion.caps import Ceiling, caps, known_population
from thecal.therapy.conversion.ratios import ROUTES, Band, Ratio, ratio, ratios, route_name
from thecal.therapy.conversion.reductions import Reduction, reduction, reductions
from thecal.therapy.door import checked
from thecal.therapy.numbers import exact, whole

SIGN = "Nobody has chosen a dose: a person chooses the ratio and the starting dose, and signs."
FACTOR_MOST = 100


@dataclass(frozen=True, slots=True)
class Conversion:
    """The result. ``dose`` is the band by ``ratio``; ``spread`` by all ratios that may be used this way.

    ``each`` lists every one of them with its own band. ``ceiling`` is the strictest that applies, None without one;
    ``start`` is the band after ``reduction``, when one was chosen. Doses fg/day.
    """

    drug: str
    start_route: str
    end_route: str
    given: Fraction
    ratio: Ratio
    chosen: bool
    dose: Band
    spread: Band
    each: tuple[tuple[Ratio, Band], ...]
    ceilings: tuple[Ceiling, ...]
    reduction: Reduction | None
    start: Band | None
    warnings: tuple[Refusal, ...]
    sign: str = SIGN

    @property
    def ceiling(self) -> Ceiling | None:
        """The strictest ceiling that applies."""
        return self.ceilings[0] if self.ceilings else None


@checked
def convert(
    dose_fg_day: int,
    drug: str,
    start: str,
    end: str,
    population: str = "unknown",
    *,
    ratio_id: str | None = None,
    factor: Fraction | int | None = None,
    reduction_id: str | None = None,
) -> Conversion:
    """A daily dose of ``drug`` by the route ``start`` as a band by the route ``end``.

    ``factor`` is the oral morphine per milligram of another oral opioid that the clinician chose; it is never looked
    up. The population ``interrupted`` (a break in the therapy) counts as opioid naive again. Raises Refused for what
    must not be converted, for a ratio used the wrong way, and when even the lowest result is above a confirmed ceiling.
    """
    whole("dose", dose_fg_day, 1)
    one, other = route_name("from", start), route_name("to", end)
    broken = population == "interrupted"
    people = "opioid_naive" if broken else known_population(population)
    given, name, warnings = _as_one_drug(Fraction(dose_fg_day), drug, one, factor)
    if one == other:
        what = "Both routes are the same."
        raise Refused(Refusal("same_route", what, "to", "To change the drug by one route, use rotate."))
    inward = ROUTES.index(one) < ROUTES.index(other)
    usable = _usable(name, one, other, inward=inward)
    picked = _picked(usable, ratio_id, name, one, other, inward=inward)
    if broken:
        warnings += (_note(reduction("restart")),)
    each = tuple((each_ratio, _through(given, each_ratio.band, inward=inward)) for each_ratio in usable)
    dose = next(band for each_ratio, band in each if each_ratio.id == picked.id)
    bands = [band for _, band in each]
    spread = Band(min(b.low for b in bands), dose.centre, max(b.high for b in bands))
    ceilings = caps(name, other, people)
    _refuse_above(dose, ceilings)
    kept = _start_reduction(reduction_id)
    return Conversion(
        drug=name,
        start_route=one,
        end_route=other,
        given=given,
        ratio=picked,
        chosen=ratio_id is not None,
        dose=dose,
        spread=spread,
        each=each,
        ceilings=ceilings,
        reduction=kept,
        start=None if kept is None else _share(dose, kept),
        warnings=(*warnings, *_warnings(picked, dose, ceilings, inward=inward, end=other)),
    )


def _as_one_drug(
    dose: Fraction, drug: str, route: str, factor: Fraction | int | None
) -> tuple[Fraction, str, tuple[Refusal, ...]]:
    known = {name for each in ratios() for name in each.drugs}
    if drug in known and factor is None:
        return dose, drug, ()
    if drug in drug_ids() and not drug_entry(drug).opioid:
        what = f"{drug} is not an opioid: no dose of it equals a dose by another route or of another drug."
        raise Refused(Refusal("not_convertible", what, "drug", "Start it by its own label."))
    if factor is None:
        what = f"No ratio between routes is published here for {str(drug)[:40]!r}."
        do = (
            f"Ratios exist for {', '.join(sorted(known))}. For another oral opioid, give the oral morphine per "
            "milligram that the clinician chose as factor; a table of morphine equivalents is not for converting."
        )
        raise Refused(Refusal("no_ratio_for_drug", what, "drug", do))
    if route != "oral":
        raise Refused(Refusal("factor_route", "A factor is for oral doses.", "factor", "Give an oral dose."))
    amount = exact("factor", factor, positive=True)
    if amount > FACTOR_MOST:
        raise Refused(Refusal("factor", f"{amount} is no factor.", "factor", f"At most {FACTOR_MOST}."))
    what = f"{drug} was counted as {float(amount):g} mg of oral morphine per mg: this factor was chosen by a person."
    return dose * amount, "morphine", (Refusal("chosen_factor", what, "factor", "Sign it with the ratio."),)


def _usable(drug: str, start: str, end: str, *, inward: bool) -> tuple[Ratio, ...]:
    weaker, stronger = (start, end) if inward else (end, start)
    way = [each for each in ratios() if drug in each.drugs and (each.weaker, each.stronger) == (weaker, stronger)]
    found = tuple(each for each in way if each.usable(inward=inward))
    if found:
        return found
    other_way = ", ".join(each.id for each in way)
    what = f"No ratio may be used for {drug} from {start} to {end}."
    do = f"Not for this direction: {other_way}." if other_way else "Start by the label of the new route."
    raise Refused(Refusal("no_ratio", what, "to", do))


def _picked(usable: tuple[Ratio, ...], ratio_id: str | None, drug: str, start: str, end: str, *, inward: bool) -> Ratio:
    if ratio_id is None:
        return next((each for each in usable if each.centre), usable[0])
    named = _by_number(usable, ratio_id) or ratio(ratio_id)
    if named in usable:
        return named
    do = f"Use one of {', '.join(each.id for each in usable)}."
    if drug in named.drugs and {named.weaker, named.stronger} == {start, end} and not named.usable(inward=inward):
        what = f"{named.id} is for {named.direction}: the other way it gives a dose that is not safe."
        raise Refused(Refusal("one_way", what, "ratio", do, named.source, named.confirmed))
    raise Refused(Refusal("ratio_of_others", f"{named.id} is not for {drug} from {start} to {end}.", "ratio", do))


def _by_number(usable: tuple[Ratio, ...], text: str) -> Ratio | None:
    """The ratio whose centre is the number of '300' or '300:1', when exactly one that may be used has it."""
    found = re.fullmatch(r"(\d{1,4}(?:\.\d{1,3})?)\s*(?::\s*1)?", str(text).strip(), re.ASCII)
    named = [each for each in usable if found and each.band.centre == Fraction(found[1])]
    if found is None or len(named) == 1:
        return named[0] if named else None
    what = f"{'No' if not named else 'More than one'} published ratio that may be used here is {text.strip()}."
    do = f"Use one of {', '.join(f'{each.id} ({float(each.band.centre):g})' for each in usable)}; "
    do += "a ratio of your own with its citation: thecal calc route-conversion."
    raise Refused(Refusal("ratio_number", what, "ratio", do))


def _through(dose: Fraction, band: Band, *, inward: bool) -> Band:
    if inward:
        return Band(dose / band.high, dose / band.centre, dose / band.low)
    return Band(dose * band.low, dose * band.centre, dose * band.high)


def _refuse_above(dose: Band, ceilings: tuple[Ceiling, ...]) -> None:
    sure = [ceiling for ceiling in ceilings if ceiling.confirmed]
    if sure and dose.low > sure[0].most:
        what = f"Even the lowest result, {auto(dose.low, DOSE_RATE)}, is above the ceiling of {sure[0]}."
        do = "Do not start so: lower the systemic dose first, or ask a specialist."
        raise Refused(Refusal("above_cap", what, "dose", do, sure[0].source))


def _start_reduction(reduction_id: str | None) -> Reduction | None:
    if reduction_id is None:
        return None
    found = reduction(reduction_id)
    if found.share is None:
        do = f"Use one of {', '.join(each.id for each in reductions() if each.share is not None)}."
        raise Refused(Refusal("no_share", f"{found.id} gives no share of a dose.", "reduction", do))
    return found


def _share(dose: Band, kept: Reduction) -> Band:
    assert kept.share is not None, "only reductions that give a share reach this sum"
    low, high = kept.share
    return Band(dose.low * low, dose.centre * (low + high) / 2, dose.high * high)


def _note(rule: Reduction) -> Refusal:
    return Refusal(rule.id, rule.what, "reduction", "", rule.source, rule.confirmed)


def _warnings(
    picked: Ratio, dose: Band, ceilings: tuple[Ceiling, ...], *, inward: bool, end: str
) -> tuple[Refusal, ...]:
    found = []
    if not picked.confirmed:
        found.append(
            Refusal("unconfirmed", f"{picked.id} is unconfirmed.", "ratio", "", picked.source, confirmed=False)
        )
    for ceiling in ceilings:
        if dose.high > ceiling.most:
            what = f"The high result, {auto(dose.high, DOSE_RATE)}, is above {ceiling}."
            do = f"Start at most {auto(ceiling.most, DOSE_RATE)}."
            found.append(Refusal("above_cap", what, "dose", do, ceiling.source, ceiling.confirmed))
    if inward and end == "it":
        found += [_note(reduction(name)) for name in ("keep_part_systemic", "it_early_rise")]
    if not inward:
        what = "Coming out needs its own ratio: few cases are published, and both too much and too little do harm."
        found.append(Refusal("coming_out", what, "direction", "Watch for withdrawal and for sedation."))
    return tuple(found)
