"""Section 8: what a fill becomes with the residual that no needle reaches, and what rinses take away."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, FLOW, MASS, VOLUME, auto
from thecal.therapy.calc.calculation import calculation, needed, optional
from thecal.therapy.calc.parts import Mixture, mixture
from thecal.therapy.calc.reading import counted
from thecal.therapy.calc.result import Answer, Row, percent, row
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_FLOW, A_VOLUME, volume_input, warn

_MIX = mixture(CONCENTRATION)
_RESIDUAL = needed(
    "residual", A_VOLUME, "volume that stayed in the reservoir", aliases=("v_res", "residual_volume"), zero=True
)


@calculation(
    "blend",
    8,
    "Blend with the residual",
    "C_mix = (V_res C_old + V_fill C_new) / (V_res + V_fill), for each drug",
    (
        _RESIDUAL,
        needed("old_concentration", _MIX, "what the residual is", aliases=("c_old", "old", "old_solution")),
        volume_input("fill", "volume that was added", "v_fill", "fill_volume", "added"),
        needed("new_concentration", _MIX, "what was added", aliases=("c_new", "new", "new_solution")),
        optional("flow", A_FLOW, "flow of the pump, for the dose really given", aliases=("q",)),
    ),
    {
        "residual": "1.4 mL",
        "old_concentration": "10 mg/mL",
        "fill": "18.6 mL",
        "new_concentration": "25 mg/mL",
        "flow": "0.128 mL/day",
    },
)
def blend(
    residual: Fraction, old_concentration: Mixture, fill: Fraction, new_concentration: Mixture, flow: Fraction | None
) -> Answer:
    """The concentration in the reservoir after a fill. Programming uses the label's concentration; both are shown."""
    total = residual + fill
    old, new = dict(old_concentration), dict(new_concentration)
    rows: list[Row] = [row("total_volume", total, VOLUME, "mL")]
    mixed = {
        name: (residual * old.get(name, Fraction(0)) + fill * new.get(name, Fraction(0))) / total
        for name in {**new, **old}
    }
    for name, value in mixed.items():
        if len(mixed) > 1:
            rows.append(row("concentration_" + name.replace(" ", "_"), value, CONCENTRATION, "mg/mL"))
    first, label = new_concentration[0]
    rows += [percent("difference_from_label", mixed[first] / label - 1), row("mass", mixed[first] * total, MASS, "mg")]
    if flow is not None:
        rows += [
            row("dose_by_label", flow * label, DOSE_RATE, "mg/day"),
            row("dose_given", flow * mixed[first], DOSE_RATE, "mg/day"),
            row("flow", flow, FLOW, "mL/day"),
        ]
    gone = [name for name in old if name not in new]
    warnings = tuple(
        warn(
            "old_drug", f"{name} stays in the reservoir at {auto(mixed[name], CONCENTRATION, 4)}", "Consider to rinse."
        )
        for name in gone
    )
    return Answer(row("concentration", mixed[first], CONCENTRATION, "mg/mL"), tuple(rows), warnings)


@calculation(
    "rinse",
    8,
    "Concentration after rinses",
    "C_n = C (V_res / (V_res + V_rinse))^n",
    (
        _RESIDUAL,
        needed("concentration", A_CONCENTRATION, "concentration in the residual", aliases=("c", "old", "c_old")),
        volume_input("rinse", "volume of one rinse", "v_rinse", "rinse_volume"),
        optional("times", counted(1, 20), "number of rinses", "1", aliases=("n", "rinses", "count")),
    ),
    {"residual": "1.4 mL", "concentration": "10 mg/mL", "rinse": "5 mL", "times": "2"},
)
def rinse(residual: Fraction, concentration: Fraction, rinse: Fraction, times: int) -> Answer:
    """What is left in the residual after a number of rinses with diluent, each withdrawn again."""
    factor = residual / (residual + rinse)
    left = concentration * factor**times
    rows = [row(f"after_rinse_{n}", concentration * factor**n, CONCENTRATION, "mg/mL") for n in range(1, times)]
    rows += [percent("left", factor**times), row("drug_left", residual * left, MASS, "mg")]
    return Answer(row("concentration", left, CONCENTRATION, "mg/mL"), tuple(rows))
