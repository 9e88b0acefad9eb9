"""Section 5: the fluid path as a queue of slugs, and what leaves the tip while it is pushed on."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, DURATION, FLOW, MASS, VOLUME, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.parts import SLUGS, Slug
from thecal.therapy.calc.result import Answer, Row, row, words
from thecal.therapy.calc.shared_inputs import (
    A_CONCENTRATION,
    A_TIME,
    A_VOLUME,
    FLOW_RATE,
    needs,
    over,
    warn,
)


@calculation(
    "path-preview",
    5,
    "What leaves the catheter tip",
    "deliver(dv): push dv of the reservoir at the inlet, pop dv at the tip; dose at the tip = Q C_slug",
    (
        needed("path", SLUGS, "what the path holds, from the reservoir to the tip", aliases=("slugs", "queue")),
        needed(
            "concentration", A_CONCENTRATION, "concentration in the reservoir", aliases=("reservoir", "c"), zero=True
        ),
        FLOW_RATE,
        optional("time", A_TIME, "how long to look ahead", aliases=("duration", "t")),
        optional("volume", A_VOLUME, "how much to push, instead of a time", aliases=("push",)),
    ),
    {
        "path": "0.2 mL 18 mg/mL; 0.1885 mL saline",
        "concentration": "18 mg/mL",
        "flow": "0.361111 mL/day",
        "time": "1 day",
    },
    aliases=("queue", "fluid-path"),
)
def path_preview(
    path: tuple[Slug, ...], concentration: Fraction, flow: Fraction, time: Fraction | None, volume: Fraction | None
) -> Answer:
    """The drug that leaves the tip, slug by slug, by plug flow.

    The programmed dose is flow times the concentration in the reservoir; until the path has been pushed through, the
    dose at the tip is another one. A slug of unknown content makes the result a range from nothing to unknown.
    """
    if (time is None) == (volume is None):
        raise refuse("input", "a time or a volume is wanted, one of them", "time", "Give time, or volume.")
    push = volume if volume is not None else over(flow, time or Fraction(0))
    left, given, mass, rows, unknown = push, Fraction(0), Fraction(0), list[Row](), Fraction(0)
    for slug, strength in (*reversed(path), (push, concentration)):
        part = min(slug, left)
        if not part:
            continue
        start = needs(given, flow)
        span = f"{auto(start, DURATION, 4)} to {auto(start + needs(part, flow), DURATION, 4)}"
        if strength is None:
            unknown += part
            rows.append(words(f"at_tip_{len(rows) + 1}", f"{span}: unknown ({auto(part, VOLUME, 4)})"))
        else:
            mass += part * strength
            said = (
                f"{auto(part, VOLUME, 4)} at {auto(strength, CONCENTRATION, 4)}, {auto(flow * strength, DOSE_RATE, 4)}"
            )
            rows.append(words(f"at_tip_{len(rows) + 1}", f"{span}: {said}"))
        given, left = given + part, left - part
    whole = sum(slug for slug, _ in path)
    rows += [
        row("pushed", push, VOLUME, "mL"),
        row("path", Fraction(whole), VOLUME, "mL"),
        row("programmed_dose", flow * concentration, DOSE_RATE, "mg/day"),
        row("flow", flow, FLOW, "mL/day"),
        row("unknown_volume", unknown, VOLUME, "mL"),
    ]
    if not unknown:
        return Answer(row("drug_at_tip", mass, MASS, "mg"), tuple(rows))
    what = f"{auto(unknown, VOLUME, 4)} of what leaves the tip is not known: the drug given is at least this"
    main = Row("drug_at_tip", None, "mg", "at least", mass / MASS.scale("mg"))
    return Answer(main, tuple(rows), (warn("unknown_content", what, "Aspirate, or find the record."),))
