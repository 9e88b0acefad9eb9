"""Sections 17 to 19: the side port. What it holds, what an injection pushes, and how long no drug comes afterwards."""

from fractions import Fraction

from thecal.quantity import DURATION, FLOW, MASS, VOLUME, Refusal, auto
from thecal.therapy.calc.calculation import calculation, optional, refuse
from thecal.therapy.calc.reading import YES_NO
from thecal.therapy.calc.result import Answer, Row, percent, row, words
from thecal.therapy.calc.shared_inputs import (
    A_DOSE,
    A_VOLUME,
    CATHETER,
    MAYBE_DOSE,
    MAYBE_FLOW,
    MAYBE_STRENGTH,
    STRENGTH,
    needs,
    one_flow,
    volume_input,
    warn,
)
from thecal.therapy.calc.sources import PRO2

_DAILY = optional("dose", A_DOSE, "daily dose, to compare with", aliases=("d", "daily_dose"))


@calculation(
    "aspiration",
    17,
    "Aspirating the catheter",
    "V_asp >= V_cat + V_chamber; mass = V_cat C",
    (
        CATHETER,
        STRENGTH,
        optional(
            "aspirated", A_VOLUME, "volume that was, or will be, aspirated", "1 mL", zero=True, aliases=("v_asp",)
        ),
        optional("chamber", A_VOLUME, "volume of the port's chamber", "0 mL", zero=True),
    ),
    {"catheter_volume": "0.1885 mL", "concentration": "18 mg/mL", "aspirated": "1 mL"},
    source=PRO2,
)
def aspiration(catheter_volume: Fraction, concentration: Fraction, aspirated: Fraction, chamber: Fraction) -> Answer:
    """The drug that an aspiration takes out, and whether it was enough to reach CSF.

    If nothing can be aspirated nothing is injected. The fluid is discarded and logged as a controlled drug.
    """
    least = catheter_volume + chamber
    out = min(aspirated, least)
    rows = (
        row("at_least", least, VOLUME, "mL"),
        row("csf", max(aspirated - least, Fraction(0)), VOLUME, "mL"),
        row("drug_held", catheter_volume * concentration, MASS, "mg"),
        row("drug_left", (least - out) * concentration, MASS, "mg"),
        words("syringe", "10 mL or more"),
    )
    warnings: tuple[Refusal, ...] = ()
    if aspirated < least:
        what = f"less than the {auto(least, VOLUME, 4)} between port and tip: drug is still in the catheter"
        warnings = (warn("not_enough", what, "Inject nothing; aspirate until CSF comes.", PRO2),)
    return Answer(row("drug_removed", out * concentration, MASS, "mg"), rows, warnings)


@calculation(
    "flush-dose",
    18,
    "Dose pushed by a flush or contrast",
    "dose = min(V_inj, max(0, V_cat - V_asp)) C",
    (
        volume_input("injected", "volume that is injected into the side port", "v_inj", "contrast", "flush", "volume"),
        CATHETER,
        STRENGTH,
        optional("aspirated", A_VOLUME, "volume that was aspirated before", "0 mL", zero=True, aliases=("v_asp",)),
        _DAILY,
    ),
    {"injected": "2 mL", "catheter_volume": "0.1885 mL", "concentration": "18 mg/mL", "dose": "6.5 mg/day"},
    aliases=("contrast-dose", "flush", "contrast-flush", "myelogram", "side-port-injection"),
)
def flush_dose(
    injected: Fraction, catheter_volume: Fraction, concentration: Fraction, aspirated: Fraction, dose: Fraction | None
) -> Answer:
    """The drug that an injection into the side port pushes into the patient at once, by plug flow."""
    held = max(catheter_volume - aspirated, Fraction(0))
    mass = min(injected, held) * concentration
    rows: list[Row] = [
        row("drug_volume_left", held - min(injected, held), VOLUME, "mL", "drug that stays behind what was injected"),
        words("catheter_afterwards", "holds what was injected, not drug: write that on the chart"),
    ]
    if dose is not None:
        rows.append(percent("of_daily_dose", mass / dose))
    warnings: tuple[Refusal, ...] = ()
    if mass:
        what = f"{auto(mass, MASS, 4)} of drug goes into the patient at once"
        warnings = (warn("drug_pushed", what, f"Aspirate at least {auto(catheter_volume, VOLUME, 4)} to CSF first."),)
    return Answer(row("dose", mass, MASS, "mg"), tuple(rows), warnings)


@calculation(
    "wrong-port",
    18,
    "A refill into the side port",
    "dose = V_inj C",
    (volume_input("volume", "volume of the refill", "injected", "v_inj", "fill"), STRENGTH, _DAILY),
    {"volume": "18 mL", "concentration": "18 mg/mL", "dose": "6.5 mg/day"},
    aliases=("side-port-refill",),
)
def wrong_port(volume: Fraction, concentration: Fraction, dose: Fraction | None) -> Answer:
    """The dose that reaches the patient when a refill goes into the side port instead of the reservoir."""
    mass = volume * concentration
    rows = [] if dose is None else [row("days_of_dose", needs(mass, dose), DURATION, "day")]
    what = "the whole refill would go to the spine at once"
    return Answer(
        row("dose", mass, MASS, "mg"), tuple(rows), (warn("wrong_port", what, "Prove the port before filling."),)
    )


@calculation(
    "drug-free-interval",
    19,
    "Time without drug after aspiration",
    "t_free = V_empty / Q",
    (
        CATHETER,
        MAYBE_FLOW,
        MAYBE_DOSE,
        MAYBE_STRENGTH,
        optional(
            "tubing_volume",
            A_VOLUME,
            "volume of the pump tubing, where that was emptied too",
            "0 mL",
            zero=True,
            aliases=("pump_volume", "v_pump"),
        ),
        optional("aspirated_to_csf", YES_NO, "whether the catheter was aspirated to CSF", aliases=("aspirated",)),
    ),
    {"catheter_volume": "0.1885 mL", "dose": "6.5 mg/day", "concentration": "18 mg/mL"},
    aliases=("drug-free",),
)
def drug_free(
    catheter_volume: Fraction,
    flow: Fraction | None,
    dose: Fraction | None,
    concentration: Fraction | None,
    tubing_volume: Fraction,
    aspirated_to_csf: str | None,
) -> Answer:
    """How long no drug comes after the catheter was emptied, and which prime would remove the gap.

    Without an aspiration to CSF a prime is forbidden: it would give the drug that the catheter holds at once.
    """
    rate = one_flow(flow, dose, concentration)
    empty = catheter_volume + tubing_volume
    variant = "full" if tubing_volume else "catheter"
    offer = {
        "yes": f"offered: variant '{variant}', {auto(empty, VOLUME, 4)}",
        "no": "forbidden: the catheter still holds drug",
        None: "ask first: was the catheter aspirated to CSF?",
    }[aspirated_to_csf]
    if aspirated_to_csf == "no":
        raise refuse(
            "not_aspirated",
            "the catheter was not emptied, so there is no drug-free interval",
            "aspirated_to_csf",
            "Prime nothing: the catheter still holds drug.",
        )
    rows = [words("prime", offer), row("empty_volume", empty, VOLUME, "mL"), row("flow", rate, FLOW, "mL/day")]
    if concentration is not None:
        rows.append(
            row(
                "prime_if_not_empty", empty * concentration, MASS, "mg", "what a prime would give if it still held drug"
            )
        )
    return Answer(row("time", needs(empty, rate), DURATION, "h"), tuple(rows))
