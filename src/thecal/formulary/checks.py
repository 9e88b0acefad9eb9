"""The checks of a dose and of a concentration against the limits that hold for an order.

Dose rates in fg/day, concentrations in fg/nL, exact. Accept if inside: nothing is ever cut down to fit. Where
published ceilings disagree the strictest one holds, and of a ceiling printed as a range its low end; one that a site
has signed takes their place. Every finding names its source and says when nobody has read it there. Unknown is not
permission: it is a warning.
"""

from fractions import Fraction

from thecal.formulary.basis import EVERYBODY, PUBLISHED, Basis
from thecal.formulary.load import drug
from thecal.formulary.model import ROUTES, Drug, Finding, Level, Limit
from thecal.formulary.solution import Component, Solution, concentration_text
from thecal.quantity import CONCENTRATION, DOSE_RATE, Kind, Refusal, auto, parse, show


def check_dose(
    solution: Solution, route: str, dose_fg_day: int, basis: Basis = PUBLISHED, *, starting: bool = True
) -> tuple[Finding, ...]:
    """Check a daily dose of the primary drug (fg/day); the other drugs of the solution follow in proportion.

    ``basis`` says which limits a site has signed and what is known of the patient. With ``starting`` the starting
    ranges are compared too. No finding = inside every limit.
    """
    if type(dose_fg_day) is not int or dose_fg_day <= 0:
        what = f"{dose_fg_day!r} fg/day is not a dose"
        return (Finding("refuse", Refusal("dose_not_positive", what, "dose", "Give a dose above zero.")),)
    if route not in ROUTES:
        what = f"{route!r} is not a route"
        return (Finding("refuse", Refusal("route_not_known", what, "route", f"One of: {', '.join(ROUTES)}.")),)
    findings = [Finding("refuse", refusal) for refusal in basis.problems(concentration=False)]
    for component in solution.components:
        share = Fraction(component.concentration, solution.primary.concentration)
        findings.extend(_check_component(component, solution, route, dose_fg_day * share, share, basis, starting))
    return tuple(findings)


def check_concentration(solution: Solution, basis: Basis = PUBLISHED) -> tuple[Finding, ...]:
    """Check each concentration against the ceilings that hold, of whatever route, and the highest strength supplied."""
    findings = [Finding("refuse", refusal) for refusal in basis.problems(concentration=True)]
    for component in solution.components:
        entry = drug(component.drug)
        ceilings = [limit for limit in basis.standing(component.drug) if limit.key == "max_concentration"]
        where = f"concentration of {component.drug}"
        findings.extend(_above_ceiling(ceilings, Fraction(component.concentration), where, Fraction(1), None))
        findings.extend(_above_supply(entry, component, where))
    return tuple(findings)


def label_status(solution: Solution, route: str) -> tuple[Finding, ...]:
    """Whether each drug's US label covers infusion by this route; refuses a route that the source excludes."""
    findings: list[Finding] = []
    for component in solution.components:
        entry = drug(component.drug)
        labels = [label for label in entry.labels if label.route == route]
        where = f"route of {component.drug}"
        if not labels:
            what = f"nothing is recorded about {component.drug} by the {route} route"
            findings.append(Finding("warn", Refusal("route_unknown", what, where, "Unknown is not permission.")))
        for label in labels:
            level: Level = {"not_allowed": "refuse", "unknown": "warn"}.get(label.status, "info")  # type: ignore[assignment]
            if label.status == "labelled":
                continue
            code = {"not_allowed": "route_not_allowed", "unknown": "route_unknown"}.get(label.status, "off_label")
            what = f"{component.drug}, {route}: {label.text}"
            do = "Choose another route or drug." if level == "refuse" else "Off-label use is a clinical decision."
            refusal = Refusal(code, what, where, do, entry.cite(label), label.confirmed)
            findings.append(Finding(level, refusal))
    return tuple(findings)


def _check_component(
    component: Component,
    solution: Solution,
    route: str,
    dose: Fraction,
    share: Fraction,
    basis: Basis,
    starting: bool,
) -> list[Finding]:
    where = f"daily dose of {component.drug}, {route}"
    forbidden = [f for f in label_status(Solution((component,)), route) if f.level == "refuse"]
    if forbidden:
        return forbidden
    own = basis.standing(component.drug, route)
    primary = None if component == solution.primary else solution.primary.drug
    findings = _above_ceiling([x for x in own if x.key == "max_daily"], dose, where, share, primary)
    for limit in own:
        if limit.key == "caution_above" and limit.high is not None and dose > limit.high:
            findings.append(_warning("caution_above", limit, dose, where, "caution is asked for above"))
        elif starting and limit.key == "start_daily" and limit.high is not None and dose > limit.high:
            findings.append(_warning("above_start_range", limit, dose, where, "above a starting dose of"))
    return findings


def _ceiling(limit: Limit) -> int | None:
    """The strict reading of a published ceiling: the low end of one that is printed as a range."""
    return limit.high if limit.low is None else limit.low


def _above_ceiling(
    ceilings: list[Limit], value: Fraction, where: str, share: Fraction, primary: str | None
) -> list[Finding]:
    readings = [(ceiling, limit) for limit in ceilings if (ceiling := _ceiling(limit)) is not None]
    if not readings:
        what = "no published ceiling was found"
        return [Finding("warn", Refusal("no_ceiling", what, where, "Unknown is not permission: a person must decide."))]
    ceiling, limit = min(readings, key=lambda reading: (reading[0], not reading[1].confirmed))
    if value <= ceiling:
        return []
    feasible = _floor_text(Fraction(ceiling) / share, limit.kind)
    do = f"At most {feasible}" + (f" of {primary}, because {limit.drug} follows it." if primary else ".")
    whose = "the site's ceiling" if limit.by else "the strictest published ceiling"
    what = f"{_text(value, limit.kind)} is above {whose} of {_text(ceiling, limit.kind)}"
    notes = [f"printed as a range to {_text(limit.high, limit.kind)}"] if limit.low is not None and limit.high else []
    notes += [f"for {limit.population}"] if limit.population not in EVERYBODY else []
    notes += [limit.note] if limit.note else []
    what += f" ({'; '.join(notes)})" if notes else ""
    code = "above_max_concentration" if limit.kind is CONCENTRATION else "above_max_daily"
    return [Finding("refuse", Refusal(code, what, where, do, limit.source, limit.confirmed))]


def _above_supply(entry: Drug, component: Component, where: str) -> list[Finding]:
    strengths = [(parse(text, CONCENTRATION), product) for product in entry.products for text in product.strengths]
    if not strengths:
        what = "no supplied strength is recorded, so it must be compounded"
        return [Finding("info", Refusal("compounded", what, where))]
    strength, product = max(strengths, key=lambda item: item[0])
    if component.concentration <= strength:
        return []
    what = f"{concentration_text(component.concentration)} is above the highest supplied strength, {product.name} "
    what += f"{concentration_text(strength)}, so it must be compounded"
    do = f"At most {concentration_text(strength)} without compounding."
    refusal = Refusal("above_supplied_strength", what, where, do, entry.cite(product), product.confirmed)
    return [Finding("warn", refusal)]


def _warning(code: str, limit: Limit, dose: Fraction, where: str, words: str) -> Finding:
    assert limit.high is not None, "only limits with an upper bound warn"
    span = _text(limit.high, limit.kind)
    if limit.low is not None:
        span = f"{_text(limit.low, limit.kind)} to {span}"
    what = f"{_text(dose, limit.kind)}: {words} {span}"
    if limit.population not in EVERYBODY:
        what += f" ({limit.population.replace('_', ' ')})"
    return Finding("warn", Refusal(code, what, where, "", limit.source, limit.confirmed))


def _text(value: Fraction | int, kind: Kind) -> str:
    return concentration_text(int(value)) if kind is CONCENTRATION else auto(value, kind)


def _floor_text(value: Fraction, kind: Kind) -> str:
    """``value`` for people, rounded down to six significant digits so that what is offered is really inside."""
    whole = value.numerator // value.denominator
    step = 10 ** max(0, len(str(whole)) - 6)
    whole -= whole % step
    if kind is CONCENTRATION:
        return concentration_text(whole)
    return show(whole, kind, auto(whole, DOSE_RATE).split(" ")[1])
