"""The worked example: 1 mg a day into the spine beside 300 mg a day by mouth, computed, not told.

Writes ``docs/body/one-mg-against-three-hundred.md``. Units: ng/mL, mg/day, h.
"""

from dataclasses import asdict
from typing import Any

from thecal.body.answer import comparison_table
from thecal.body.compare import Comparison, compare
from thecal.body.person import Person

SPINE_MG_DAY, MOUTH_MG_DAY, DAYS = 1.0, 300.0, 30.0
SETS = ("three_compartment", "palliative")


def _run(disposition: str) -> Comparison:
    person = Person(disposition=disposition)  # type: ignore[arg-type]
    return compare(person, {"intrathecal": SPINE_MG_DAY, "oral": MOUTH_MG_DAY}, days=DAYS, stimulator=None)


def figures() -> dict[str, Any]:
    """Every figure of the page, for both plasma sets."""
    return {name: [asdict(arm) for arm in _run(name).arms] for name in SETS}


def page() -> str:
    """The text of the page."""
    lines = [
        "# One milligram into the spine against three hundred by mouth",
        "",
        "Written by `thecal body one-against-three-hundred`; do not edit. The reference adult (172 cm, 70 kg,",
        "healthy kidneys), pain at the segment that faces T10, 30 days, means over the last day. Each cell: middle",
        "(low to high). It is a computation from the parameters of [parameters.md](parameters.md), many of them",
        "unconfirmed, for research and teaching; it is not a conversion table for a patient.",
        "",
        "To see it for somebody else, change the person of the example: `thecal body compare pump_pills_stimulator`.",
    ]
    for name in SETS:
        lines += ["", f"## Plasma model: {name.replace('_', ' ')}", "", comparison_table(_run(name)).rstrip(), ""]
        lines += [_reading(_run(name))]
    lines += [
        "",
        "## How to read it",
        "",
        "* Liver: what it changes, at first pass and later, in mg of morphine a day. Kidney: unchanged morphine and",
        "  glucuronides in urine, counted as the morphine that they were made from.",
        "* The band of the cord is wide because mixing of CSF in awake people is known to a factor of three to five",
        "  only.",
        "* At these doses the middle line of pain is near the largest relief for both, as they share the model's Emax.",
        "  What differs is what the rest of the body bears.",
        "* The loss of the drive to breathe is an index of a person new to opioids; who has taken 300 mg a day for a",
        "  month has grown tolerant of part of it, which the index leaves out.",
    ]
    return "\n".join(lines) + "\n"


def _reading(found: Comparison) -> str:
    spine, mouth = found.arms

    def times(name: str) -> str:
        ratio = spine.figures[name].mid / mouth.figures[name].mid
        return f"{ratio:.3g} times" if ratio >= 1 else f"1/{1 / ratio:.3g}"

    return (
        f"Against the tablets, the spine's milligram brings the painful segment "
        f"{times('cord at the painful segment')} as much drug, plasma {times('plasma')}, M6G {times('M6G in plasma')}, "
        f"the liver {times('liver load')} and the kidney {times('kidney load')}."
    )
