"""Section 6: the priming bolus in its four variants, refused unless the part to be primed is marked empty."""

from fractions import Fraction

from thecal.quantity import DURATION, FLOW, MASS, VOLUME, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.reading import choice
from thecal.therapy.calc.result import Answer, percent, row
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_DOSE, A_FLOW, A_VOLUME, STRENGTH, needs, warn
from thecal.therapy.calc.sources import PRIME

VARIANT = choice(
    full="full system|new system|new pump and catheter|pump and catheter|whole system|system|both|initial implant",
    catheter="catheter only|catheter-only|cat|new catheter|catheter replacement",
    pump="pump only|pump-only|tubing|tubing only|pump tubing|pump tubing only|pump replacement|new pump|new pump only",
    revision="after revision|partial|catheter revision|partial revision|revised catheter",
)
STATE = choice(
    empty="no drug|saline|water|csf|sterile water|air|contrast|aspirated",
    drug="filled|holds drug|holds-drug|full",
    unknown="not known|?",
)


@calculation(
    "prime",
    6,
    "Priming bolus",
    "full: V_pump + V_cat; catheter: V_cat; pump: V_pump; revision: V_pump if new + replaced segments; t = V / Q_prime",
    (
        needed("variant", VARIANT, "what is to be primed", aliases=("kind", "type")),
        needed(
            "path", STATE, "what the part that is to be primed holds now, as marked on the chart", aliases=("marked",)
        ),
        needed("tubing", STATE, "what the tubing inside the pump holds now", aliases=("pump_tubing", "tubing_state")),
        STRENGTH,
        optional("pump_volume", A_VOLUME, "volume inside the pump", aliases=("v_pump",)),
        optional("catheter_volume", A_VOLUME, "volume of the catheter", aliases=("v_cat", "catheter")),
        optional(
            "replaced_volume", A_VOLUME, "volume of the catheter segments that were replaced", aliases=("replaced",)
        ),
        optional("flow", A_FLOW, "highest flow that is allowed for priming", "1 mL/h", aliases=("prime_flow", "rate")),
        optional("dose", A_DOSE, "daily dose, to compare with", aliases=("d",)),
        optional("old_concentration", A_CONCENTRATION, "what a catheter that is kept holds", aliases=("c_old",)),
        optional(
            "interrupted_after",
            A_VOLUME,
            "volume that was given before an interruption",
            "0 mL",
            zero=True,
            aliases=("given", "already_given"),
        ),
    ),
    {
        "variant": "full",
        "path": "empty",
        "tubing": "empty",
        "concentration": "18 mg/mL",
        "pump_volume": "0.200 mL",
        "catheter_volume": "0.1885 mL",
    },
    source=PRIME,
    aliases=("priming-bolus", "priming"),
)
def prime(  # noqa: PLR0913 - the facts that make a prime safe
    variant: str,
    path: str,
    tubing: str,
    concentration: Fraction,
    pump_volume: Fraction | None,
    catheter_volume: Fraction | None,
    replaced_volume: Fraction | None,
    flow: Fraction,
    dose: Fraction | None,
    old_concentration: Fraction | None,
    interrupted_after: Fraction,
) -> Answer:
    """The volume that brings drug just to the tip, its time and the drug that it puts into the path.

    Refused unless the part to be primed is marked empty, and unless what the pump tubing holds is stated and fits.
    After an interruption only the rest is primed, never the whole again.
    """
    volume = _volume(variant, tubing, pump_volume, catheter_volume, replaced_volume)
    mass = volume * concentration
    if path != "empty":
        bolus = f"a prime of {auto(volume, VOLUME, 4)} would be a bolus of {auto(mass, MASS, 4)}"
        what = f"the path is marked '{path}': {bolus}"
        do = "Aspirate to CSF and mark it empty, or use no prime, or a bridge."
        raise refuse("path_not_empty", what, "path", do)
    _check_tubing(variant, tubing, pump_volume)
    if interrupted_after >= volume:
        raise refuse("prime_done", "the whole volume was given already", "interrupted_after", "Prime nothing.")
    rest = volume - interrupted_after
    to_patient = Fraction(0)
    rows = [
        row("time", needs(rest, flow), DURATION, "min"),
        row("drug_loaded", rest * concentration, MASS, "mg"),
        row("flow", flow, FLOW, "mL/h"),
    ]
    warnings = [warn("supervise", "the patient is under supervision during and after a prime", source=PRIME)]
    if variant == "pump":
        to_patient = rest * (old_concentration if old_concentration is not None else concentration)
        what = f"the catheter holds drug: {auto(to_patient, MASS, 4)} of it goes into the patient during the prime"
        warnings.append(warn("pushes_old_drug", what, "Consider no prime, or a bridge."))
    rows.append(row("drug_to_patient", to_patient, MASS, "mg", "plug flow"))
    if dose is not None:
        rows.append(percent("loaded_of_daily_dose", rest * concentration / dose))
    rows.append(row("reservoir_falls_by", rest, VOLUME, "mL"))
    return Answer(row("volume", rest, VOLUME, "mL"), tuple(rows), tuple(warnings))


def _volume(
    variant: str, tubing: str, pump: Fraction | None, catheter: Fraction | None, replaced: Fraction | None
) -> Fraction:
    wanted = {
        "full": (("pump_volume", pump), ("catheter_volume", catheter)),
        "catheter": (("catheter_volume", catheter),),
        "pump": (("pump_volume", pump),),
        "revision": (("replaced_volume", replaced), *((("pump_volume", pump),) if tubing == "empty" else ())),
    }[variant]
    total = Fraction(0)
    for name, value in wanted:
        if value is None:
            raise refuse(
                "input", f"it is missing for the variant '{variant}'", name, "Give the volume, for example '0.2 mL'."
            )
        total += value
    return total


def _check_tubing(variant: str, tubing: str, pump: Fraction | None) -> None:
    if tubing == "unknown":
        do = "Find out what the tubing of the pump holds; a new pump holds water, no drug."
        raise refuse("tubing_unknown", "what is in the tubing now is not known", "tubing", do)
    if variant in ("full", "pump") and tubing == "drug":
        what = "the tubing of the pump holds drug already, and this prime would fill it again"
        raise refuse("contradiction", what, "tubing", "Use the variant 'catheter', or none.")
    if variant == "catheter" and tubing == "empty":
        what = "the tubing of the pump holds no drug, so a prime of the catheter alone would not reach the tip"
        raise refuse("contradiction", what, "tubing", "Use the variant 'full'.")
    if variant == "revision" and tubing == "drug" and pump is not None:
        what = "the pump is kept and its tubing holds drug: its volume is not primed"
        raise refuse("contradiction", what, "pump_volume", "Leave the pump volume out.")
