"""Forms of a prescription for the implanted pump: its program, and its signature."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from thecal.clinic.forms.base import ChartForm, QuantityField
from thecal.clinic.forms.parts import CapFields
from thecal.pump import MultiRate, PeriodicBolus, Program, SimpleContinuous, Step, Stopped
from thecal.quantity import DOSE_RATE, DURATION, MASS, QuantityError, Refused, decimal_text, parse
from thecal.therapy import OldFluid

_STEP = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s+(\S.*)")


class PrescriptionForm(CapFields):
    """A program for the implanted pump. Only the fields of the chosen kind are read."""

    KINDS = {
        "simple_continuous": "Simple continuous: the same rate all day",
        "periodic_bolus": "Periodic bolus: a dose at regular intervals",
        "multi_rate": "Day schedule: several rates through the day",
        "stopped": "Stopped: nothing is given",
    }
    program = forms.ChoiceField(choices=list(KINDS.items()), widget=forms.RadioSelect, initial="simple_continuous")
    dose = QuantityField(
        DOSE_RATE, required=False, label="Dose per day", help_text="Simple continuous: for example 0.5 mg/day."
    )
    bolus = QuantityField(MASS, required=False, label="Each bolus", help_text="Periodic bolus: for example 0.05 mg.")
    every = QuantityField(DURATION, required=False, label="Every", help_text="Periodic bolus: for example 4 h.")
    over = QuantityField(DURATION, required=False, label="Given over", help_text="Periodic bolus: for example 5 min.")
    basal = QuantityField(
        DOSE_RATE,
        required=False,
        label="Basal rate between",
        help_text="Periodic bolus: for example 0.1 mg/day. Empty: none.",
    )
    steps = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Steps of the day",
        help_text="Day schedule: one a line, the time (UTC) and the rate from then on, "
        "for example 00:00 0.4 mg/day. The first starts at 00:00.",
    )
    BRIDGE, NO_BRIDGE = "bridge", "none"
    bridge = forms.ChoiceField(
        required=False,
        choices=[
            (BRIDGE, "Bridge: give it at the flow that keeps the dose, then the program"),
            (NO_BRIDGE, "No bridge; the reason stands below"),
        ],
        widget=forms.RadioSelect,
        label="The old solution in tubing and catheter",
    )
    reason = forms.CharField(required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    field_order = (
        *("program", "dose", "bolus", "every", "over", "basal", "steps", "cap_hour", "cap_day", "bridge", "reason"),
    )
    places = {
        **CapFields.places,
        "program.dose": "dose",
        "program.bolus": "bolus",
        "program.every": "every",
        "program.over": "over",
        "program.basal": "basal",
        "program.steps": "steps",
        "daily dose": "dose",
        "flow": "dose",
    }
    _NEEDED = {
        "simple_continuous": ("dose",),
        "periodic_bolus": ("bolus", "every", "over"),
        "multi_rate": ("steps",),
        "stopped": (),
    }

    def __init__(self, *args: Any, old: OldFluid | None = None, **kwargs: Any) -> None:
        """``old``: what the path still holds of another solution; it is asked what to do with it."""
        super().__init__(*args, **kwargs)
        if old is None:
            del self.fields["bridge"]
        else:
            text = f"The path still holds {old.old}; the reservoir holds {old.new}. Without a bridge the tip gives "
            text += f"{decimal_text(old.times, 3)} times the dose of {old.new.primary.drug}, until it has passed."
            self.fields["bridge"].help_text = text if old.same_drug else text.partition(" Without")[0]

    def clean(self) -> dict[str, Any]:
        """The program under ``built``, from the fields of its kind."""
        cleaned = super().clean() or {}
        if "bridge" in self.fields and cleaned.get("program") != "stopped":
            if not cleaned.get("bridge"):
                self.add_error("bridge", ValidationError("Choose: the old solution is still there.", code="required"))
            elif cleaned["bridge"] == self.NO_BRIDGE and not cleaned.get("reason", "").strip():
                self.add_error("reason", ValidationError("Write why there is no bridge.", code="required"))
        kind = cleaned.get("program", "")
        missing = [name for name in self._NEEDED.get(kind, ()) if not cleaned.get(name) and name not in self.errors]
        for name in missing:
            self.add_error(name, ValidationError("This kind of program needs it.", code="required"))
        if not self.errors and kind:
            try:
                cleaned["built"] = self._program(kind, cleaned)
            except Refused as refused:
                self.refuse(refused.refusals)
        return cleaned

    def place(self, where: str) -> str | None:
        """What is said of the dose stands at the field that the dose was typed in."""
        name = super().place(where)
        kind = self.data.get("program", "")
        return {"periodic_bolus": "bolus", "multi_rate": "steps"}.get(kind, name) if name == "dose" else name

    def _program(self, kind: str, cleaned: dict[str, Any]) -> Program | None:
        if kind == "simple_continuous":
            return SimpleContinuous(cleaned["dose"])
        if kind == "periodic_bolus":
            return PeriodicBolus(cleaned["bolus"], cleaned["every"], cleaned["over"], cleaned["basal"] or 0)
        if kind == "stopped":
            return Stopped()
        steps = self._steps(cleaned["steps"])
        return MultiRate(steps) if steps else None

    def _steps(self, text: str) -> tuple[Step, ...]:
        steps: list[Step] = []
        for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
            found = _STEP.fullmatch(line)
            try:
                if found is None:
                    raise ValidationError(
                        f"Line {number}: write a time and a rate, for example 08:00 0.6 mg/day.", code="step"
                    )
                start = (int(found[1]) * 60 + int(found[2])) * 60_000
                steps.append(Step(start, parse(found[3], DOSE_RATE)))
            except QuantityError as error:
                self.add_error("steps", ValidationError(f"Line {number}: {error}", code="quantity"))
            except ValidationError as error:
                self.add_error("steps", error)
        return tuple(steps)


class SignForm(ChartForm):
    """The second step: the prescriber signs exactly what was reviewed."""

    digest = forms.CharField(widget=forms.HiddenInput)
    prescription = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)
    signer = forms.CharField(max_length=150, label="Prescriber", help_text="The user name of the prescriber who signs.")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        strip=False,
        label="Password of the prescriber",
        help_text="Signs exactly what stands on this page.",
    )
