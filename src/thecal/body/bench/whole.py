"""One patient of a batch by the whole, unreduced model: the reference that reduced series are checked against."""

import numpy as np
import numpy.typing as npt

from thecal.body.batch import CONCENTRATIONS, Plan
from thecal.body.breathing import breathing_rows
from thecal.body.effect import effect_parameters, load_of_oral_morphine, load_row, pain, tolerance
from thecal.body.model import build
from thecal.body.parameters import parameters
from thecal.body.person import Person
from thecal.body.preview import Preview
from thecal.body.spine import dermatome

Array = npt.NDArray[np.float64]


def unreduced(person: Person, plan: Plan) -> dict[str, Array]:
    """The same series as ``run_batch`` gives, in 64 bits, from all states of the model."""
    model = build(parameters(person, plan.drug))
    effect = effect_parameters(plan.drug, person)
    here = model.level_z(plan.tip.level)
    from_csf, from_blood = breathing_rows(model)
    rows = (
        model.csf_row(here),
        model.cord_row(here),
        model.csf_row(model.level_z("C1")),
        model.named_row("plasma"),
        model.named_row("cranial"),
    )
    named = dict(zip(CONCENTRATIONS, rows, strict=True))
    named["load"] = load_row(model, dermatome(plan.target).z_mid_mm, effect)
    named["drive"] = from_csf + from_blood
    preview = Preview(model, named, plan.hours)
    found = preview.run(plan.program)
    before = load_of_oral_morphine(person.prior_opioid_mg_day, person)
    load, drive = found.pop("load"), found.pop("drive")
    risen = tolerance(preview.times_h, load, effect, before)
    return {
        **found,
        "tolerance": risen,
        "pain": pain(plan.pain_baseline, load, risen, effect),
        "breathing": drive / (1.0 + drive),
    }
