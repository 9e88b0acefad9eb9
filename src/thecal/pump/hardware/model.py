"""What the virtual hardware of a pump model is made of, as data with sources: flow accuracy, battery, field, sensors.

Parts of one in ppm, volumes in nL, times in ms. Read from ``data/hardware.toml``; sources are those of ``pumps.toml``.
A model without a figure is refused by what needs the figure; nothing is guessed.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Literal

from thecal.pump.catalog import cite, profile
from thecal.quantity import DURATION, VOLUME, Kind, Refusal, Refused, parse

PPM = 1_000_000
AMBIENT_PA = 101_325
_PARTS = ("flow_mean", "flow_sigma", "flow_clip", "stroke_noise", "heat")
_WHOLES = ("drive", "battery_strokes", "battery_years", "battery_mv", "brown_out_mv", "pressure_step")
_QUANTITIES: dict[str, Kind] = {"field_leak": VOLUME, "level_step": VOLUME, "field_recovery": DURATION}
_WORDS = {"value", "text", "unknown", "source", "confirmed", "note"}


@dataclass(frozen=True, slots=True)
class HardwareModel:
    """One model's hardware. ``figures`` holds what is known, in inner units; ``unconfirmed`` what nobody has read."""

    id: str
    sensors: tuple[str, ...]
    field: Literal["stall", "valve", "none"]
    figures: Mapping[str, int]
    unconfirmed: tuple[str, ...]
    alarms: tuple[str, ...]

    def need(self, *names: str) -> tuple[int, ...]:
        """Those figures. Raises Refused naming each one that this model lacks."""
        missing = [
            Refusal(
                "hardware_value_missing",
                f"{self.id}: {name} is not known",
                f"hardware.{name}",
                "Choose a design model.",
            )
            for name in names
            if name not in self.figures
        ]
        if missing:
            raise Refused(*missing)
        return tuple(self.figures[name] for name in names)

    def draw_gain(self, random: Random) -> int:
        """How much of the nominal stroke one pump of this model moves, ppm: drawn from its published accuracy."""
        mean, sigma, clip = self.need("flow_mean", "flow_sigma", "flow_clip")
        error = round(random.gauss(mean, sigma))
        while abs(error) > clip:  # a pump outside its band would not have left the factory
            error = round(random.gauss(mean, sigma))
        return PPM + error


@cache
def hardware_model(model_id: str) -> HardwareModel:
    """The hardware of that pump model. Raises Refused when nothing is known of it."""
    data = _data()
    if model_id not in data["models"]:
        do = f"Use one of {', '.join(data['models'])}."
        raise Refused(Refusal("hardware_unknown", f"no virtual hardware for {str(model_id)[:60]!r}", "profile", do))
    entry = _merged(model_id)
    sensors = profile(model_id).sensors
    figures = {name: _number(name, part) for name, part in entry.items() if "value" in part}
    return HardwareModel(
        id=model_id,
        sensors=sensors,
        field=entry["field"]["text"],
        figures=figures,
        unconfirmed=tuple(name for name, part in entry.items() if not part["confirmed"]),
        alarms=alarms_of(sensors),
    )


def hardware_ids() -> tuple[str, ...]:
    """The pump models whose hardware is described."""
    return tuple(_data()["models"])


def alarms_of(sensors: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of the sensor alarms that a pump with these sensors can raise by itself."""
    return tuple(alarm for alarm, needs in _data()["alarm_needs"].items() if set(needs) <= set(sensors))


def gas_flow(nominal: int, model: HardwareModel, celsius_milli: int, ambient_pa: int) -> int:
    """Flow of a gas-driven pump, nL/day rounded down, at a temperature and an ambient pressure.

    The propellant's pressure is absolute, so thin air adds to what drives the fluid; warmth raises it.
    """
    heat, drive = model.need("heat", "drive")
    warm = PPM + heat * (celsius_milli - 37_000) // 1_000
    pushing = drive + AMBIENT_PA - ambient_pa
    return max(0, nominal * warm * pushing // (PPM * drive))


def ambient_pa(height_m: int) -> int:
    """Pressure of the standard atmosphere at a height, Pa."""
    share: float = (1 - 2.25577e-5 * height_m) ** 5.25588
    return round(AMBIENT_PA * share)


def hardware_problems() -> list[str]:
    """Every entry of the file that lacks a source, a confirmed flag or a readable value. Empty when all is well."""
    found = []
    for model_id in _data()["models"]:
        for name, part in _merged(model_id).items():
            where = f"hardware.models.{model_id}.{name}"
            found += [f"{where}: unknown word {word!r}" for word in part.keys() - _WORDS]
            if type(part.get("confirmed")) is not bool:
                found.append(f"{where}: confirmed is missing")
            for source in part.get("source", ()) or ("nowhere",):
                try:
                    cite(source)
                except KeyError:
                    found.append(f"{where}: source {source!r} is not in the list of sources")
            if "value" in part:
                _number(name, part)
    return found


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((files("thecal.pump") / "data" / "hardware.toml").read_text("utf-8"))


def _merged(model_id: str) -> dict[str, Any]:
    entry = dict(_data()["models"][model_id])
    like = entry.pop("like", None)
    return entry if like is None else {**_merged(like), **entry}


def _number(name: str, part: Mapping[str, Any]) -> int:
    text = part["value"]
    if name in _QUANTITIES:
        return parse(text, _QUANTITIES[name])
    scale = PPM if name in _PARTS else 1
    assert name in _PARTS or name in _WHOLES, f"{name} is a figure of the hardware"
    value = Decimal(text) * scale
    assert value == int(value), f"{name}: {text} is finer than what is told apart here"
    return int(value)
