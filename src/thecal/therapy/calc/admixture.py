"""Section 20: admixtures. One flow serves all drugs, so the primary drug's dose drags the others along."""

from fractions import Fraction

from thecal.quantity import CONCENTRATION, DOSE_RATE, FLOW, MASS, Refusal, auto
from thecal.therapy.calc.calculation import calculation, needed, optional, refuse
from thecal.therapy.calc.flow import check_flow
from thecal.therapy.calc.parts import Mixture, mixture
from thecal.therapy.calc.result import Answer, Row, percent, row
from thecal.therapy.calc.shared_inputs import A_DOSE, A_FLOW, A_MASS, FLOW_RATE, warn
from thecal.therapy.calc.sources import PRIMARY

STRENGTHS, DOSES = mixture(CONCENTRATION), mixture(DOSE_RATE)


@calculation(
    "admixture",
    20,
    "Doses of an admixture",
    "Q = D_1 / C_1; D_i = D_1 C_i / C_1; bolus_i = bolus_1 C_i / C_1",
    (
        needed(
            "solution",
            STRENGTHS,
            "the drugs with their concentrations, the primary one first",
            aliases=("concentrations", "mixture", "concentration"),
        ),
        needed("dose", A_DOSE, "daily dose of the primary drug", aliases=("d", "primary_dose")),
        optional("new_dose", A_DOSE, "a new daily dose of the primary drug", aliases=("d_new",)),
        optional("bolus", A_MASS, "a bolus of the primary drug", aliases=("b",)),
        optional("limits", DOSES, "highest daily dose of each drug", aliases=("ceilings", "maxima")),
        optional("flow_min", A_FLOW, "lowest flow of the pump", aliases=("q_min",)),
        optional("flow_max", A_FLOW, "highest flow of the pump", aliases=("q_max",)),
    ),
    {
        "solution": "morphine 10 mg/mL + bupivacaine 17.5 mg/mL + clonidine 150 mcg/mL",
        "dose": "4 mg/day",
        "new_dose": "4.6 mg/day",
        "bolus": "0.25 mg",
    },
    source=PRIMARY,
)
def admixture(
    solution: Mixture,
    dose: Fraction,
    new_dose: Fraction | None,
    bolus: Fraction | None,
    limits: Mixture | None,
    flow_min: Fraction | None,
    flow_max: Fraction | None,
) -> Answer:
    """The dose of every drug of an admixture, before and after a change, and in a bolus. Refused if any breaks a limit.

    The ratio of two drugs is that of their concentrations; only a refill can change it.
    """
    first = solution[0][1]
    strangers = [name for name, _ in limits or () if name not in dict(solution)]
    if strangers:
        do = "Name the drugs as in the solution, so that each limit is held."
        raise refuse("contradiction", f"the mixture has no {', '.join(strangers)}", "limits", do)
    after = new_dose if new_dose is not None else dose
    flow = after / first
    check_flow(flow, after, flow_min, flow_max, "dose")
    rows: list[Row] = []
    broken: list[str] = []
    for name, strength in solution:
        key = name.replace(" ", "_")
        given = flow * strength
        rows.append(_dose_row(f"{key}_dose", given))
        if new_dose is not None:
            rows.append(_dose_row(f"{key}_dose_before", dose / first * strength))
        if bolus is not None:
            rows.append(_mass_row(f"{key}_bolus", bolus / first * strength))
        ceiling = dict(limits or ()).get(name)
        if ceiling is not None and given > ceiling:
            broken.append(f"{name} {auto(given, DOSE_RATE)} is above {auto(ceiling, DOSE_RATE)}")
    if broken:
        raise refuse("above_limit", "; ".join(broken), "dose", "Lower the dose, or change the mixture at a refill.")
    if new_dose is not None:
        rows.append(percent("change", new_dose / dose - 1))
    return Answer(row("flow", flow, FLOW, "mL/day"), tuple(rows))


@calculation(
    "admixture-design",
    20,
    "Concentrations of an admixture for wanted doses",
    "C_i = D_i / Q",
    (needed("doses", DOSES, "daily dose of each drug, the primary one first", aliases=("dose",)), FLOW_RATE),
    {"doses": "morphine 4 mg/day + bupivacaine 7 mg/day + clonidine 60 mcg/day", "flow": "0.4 mL/day"},
    source=PRIMARY,
)
def admixture_design(doses: Mixture, flow: Fraction) -> Answer:
    """The concentrations at which one flow gives each drug its dose. The value is that of the primary drug."""
    rows = tuple(_strength_row(f"{name.replace(' ', '_')}_concentration", dose / flow) for name, dose in doses)
    return Answer(row("concentration", doses[0][1] / flow, CONCENTRATION, "mg/mL", doses[0][0]), rows)


@calculation(
    "admixture-no-diluent",
    20,
    "An admixture of stocks alone",
    "Q = sum(D_i / S_i); fraction_i = D_i / (S_i Q); C_i = D_i / Q",
    (
        needed("doses", DOSES, "daily dose of each drug", aliases=("dose",)),
        needed("stocks", STRENGTHS, "stock of each drug", aliases=("stock",)),
    ),
    {"doses": "morphine 5 mg/day + bupivacaine 8 mg/day", "stocks": "morphine 25 mg/mL + bupivacaine 40 mg/mL"},
    source=PRIMARY,
)
def admixture_no_diluent(doses: Mixture, stocks: Mixture) -> Answer:
    """The flow and the fractions when stocks are mixed without diluent: the flow falls out of the recipe."""
    held = stocks_of([name for name, _ in doses], stocks)
    flow = sum((dose / held[name] for name, dose in doses), Fraction(0))
    rows: list[Row] = []
    for name, dose in doses:
        key = name.replace(" ", "_")
        rows += [
            percent(f"{key}_fraction", dose / held[name] / flow),
            _strength_row(f"{key}_concentration", dose / flow),
        ]
    return Answer(row("flow", flow, FLOW, "mL/day"), tuple(rows))


def stocks_of(names: list[str], stocks: Mixture) -> dict[str, Fraction]:
    """The stock of each drug. Raises Refused when one has none, or when a stock is of no drug of the mixture."""
    held = dict(stocks)
    lacking = [name for name in names if name not in held]
    if lacking:
        raise refuse(
            "stock_missing", f"no stock of {', '.join(lacking)}", "stocks", "Give a stock for each drug, by name."
        )
    extra = [name for name in held if name not in names]
    if extra:
        raise refuse(
            "contradiction", f"the mixture has no {', '.join(extra)}", "stocks", "Name the same drugs in both."
        )
    return held


def mixture_warning(names: list[str]) -> tuple[Refusal, ...]:
    """What is always said of a mixture of several drugs."""
    if len(names) < 2:
        return ()
    what = "the stability of a mixture is its own, not that of its parts"
    return (warn("mixture", what, "Without a known one no refill date goes beyond the clinic's policy."),)


def _dose_row(name: str, dose: Fraction) -> Row:
    return row(name, dose, DOSE_RATE, "mg/day" if dose >= 10**11 else "mcg/day")


def _mass_row(name: str, mass: Fraction) -> Row:
    return row(name, mass, MASS, "mg" if mass >= 10**11 else "mcg")


def _strength_row(name: str, strength: Fraction) -> Row:
    return row(name, strength, CONCENTRATION, "mg/mL" if strength >= 500_000 else "mcg/mL")
