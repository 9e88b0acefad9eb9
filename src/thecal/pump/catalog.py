"""The pump and catheter models: every figure with its unit, source and confirmed flag, as integers for the device.

Volumes in nL, flows in nL/day, lengths in mm, bore in nL/mm. Read from ``data/pumps.toml`` and ``data/catheters.toml``,
which name their sources. A figure that is unknown, or published as a range or a choice, is ``Unknown``: whatever needs
one value of it is refused, never guessed.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from thecal.quantity import FLOW, LENGTH, VOLUME, VOLUME_PER_LENGTH, Kind, QuantityError, Refusal, Refused, parse

_KINDS: dict[str, Kind] = {
    "reservoir": VOLUME,
    "pulse": VOLUME,
    "flow_min": FLOW,
    "flow_max": FLOW,
    "minimum_rate": FLOW,
    "tubing": VOLUME,
    "low_reservoir": VOLUME,
    "residual": VOLUME,
    "refill_flag": VOLUME,
    "supplied": LENGTH,
    "bore": VOLUME_PER_LENGTH,
}
ACTUATIONS = ("peristaltic", "valve_gated", "constant_flow", "piston")
_ENTRY = {"value", "low", "high", "choices", "text", "unknown", "source", "confirmed", "note"}


@dataclass(frozen=True, slots=True)
class Known:
    """One figure: ``value`` in inner units, ``unit`` as it is written (for example ``20 mL``), and where it is from."""

    value: int
    unit: str
    source: tuple[str, ...]
    confirmed: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure without one value. ``low`` and ``high`` bound it where a range is published, else None."""

    unit: str
    source: tuple[str, ...]
    confirmed: bool
    note: str = ""
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about a model, as text for people."""

    text: str
    source: tuple[str, ...]
    confirmed: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """What a device must know of its model, all integers: nL and nL/day."""

    id: str
    reservoir_nl: int
    pulse_nl: int
    flow_min: int
    flow_max: int
    tubing_nl: int
    low_reservoir_nl: int
    residual_nl: int
    minimum_rate: int = 0  # 0 when the model has none, or none is known


_NONE = Unknown("unknown", ("memory",), confirmed=False, note="no figure was found")


@dataclass(frozen=True, slots=True)
class Profile:
    """One pump model. ``design`` marks a profile of Thecal's own, which is no real device."""

    id: str
    name: str
    maker: str
    kind: Literal["implanted", "external"]
    actuation: str
    sensors: tuple[str, ...]
    programmable: bool
    design: bool
    reservoir_nl: Known | Unknown
    pulse_nl: Known | Unknown
    flow_min: Known | Unknown
    flow_max: Known | Unknown
    tubing_nl: Known | Unknown
    low_reservoir_nl: Known | Unknown
    residual_nl: Known | Unknown
    minimum_rate: Known | Unknown
    refill_flag_nl: Known | Unknown
    facts: Mapping[str, Fact]

    def need(self, *names: str) -> tuple[int, ...]:
        """The values of those figures in inner units. Raises Refused naming each one that this model lacks."""
        found: list[int] = []
        missing: list[Refusal] = []
        for name in names:
            figure = getattr(self, name)
            if isinstance(figure, Known):
                found.append(figure.value)
            else:
                what = f"{self.name}: {name} is not known as one value ({figure.unit})"
                do = "Choose a model that states it, or add the value with its source to the catalog."
                missing.append(Refusal("profile_value_missing", what, f"profile.{name}", do, ", ".join(figure.source)))
        if missing:
            raise Refused(*missing)
        return tuple(found)

    def device(self) -> DeviceFigures:
        """All that a device needs to run this model. Raises Refused naming everything that is missing."""
        if not self.programmable:
            what = f"{self.name} has a fixed flow: its dose is set by the concentration alone"
            raise Refused(Refusal("not_programmable", what, "profile", "Choose a programmable model."))
        least = self.minimum_rate.value if isinstance(self.minimum_rate, Known) else 0
        reservoir, pulse, low, high, tubing, alarm, residual = self.need(*DeviceFigures.__slots__[1:-1])
        return DeviceFigures(self.id, reservoir, pulse, low, high, tubing, alarm, residual, least)

    def unconfirmed(self) -> tuple[str, ...]:
        """The names of the figures that nobody has read in a public text; shown wherever the profile is."""
        return tuple(
            name for name in _FIGURES.values() if isinstance(f := getattr(self, name), Known) and not f.confirmed
        )


_FIGURES = {
    "reservoir": "reservoir_nl",
    "pulse": "pulse_nl",
    "flow_min": "flow_min",
    "flow_max": "flow_max",
    "tubing": "tubing_nl",
    "low_reservoir": "low_reservoir_nl",
    "residual": "residual_nl",
    "minimum_rate": "minimum_rate",
    "refill_flag": "refill_flag_nl",
}


@cache
def profile(model_id: str) -> Profile:
    """The pump model of that id. Raises Refused with the ids there are."""
    return read_model("pumps", model_id, _profile)


@cache
def profiles() -> tuple[Profile, ...]:
    """Every pump model, in the order of the file."""
    return tuple(profile(model_id) for model_id in _read("pumps")["models"])


@cache
def cite(source: str) -> str:
    """A source key of the two files as one line for people. Raises KeyError for an unknown key."""
    for name in ("pumps", "catheters"):
        if source in (sources := _read(name)["sources"]):
            entry = sources[source]
            return " ".join(str(entry[key]) for key in ("title", "year", "url") if key in entry)
    raise KeyError(source)


def problems() -> list[str]:
    """Every entry of both files that lacks a unit, a source or a confirmed flag. Empty when all is well."""
    found: list[str] = []
    for name in ("pumps", "catheters"):
        data = _read(name)
        for where, key, entry in _entries(data, name):
            found += [f"{where}: {reason}" for reason in _entry_problems(key, entry, data["sources"])]
        for model_id, model in data["models"].items():
            family = model.get("family")
            if family is not None and family not in data.get("families", {}):
                found.append(f"{name}.models.{model_id}: unknown family {family!r}")
            if name == "pumps" and model.get("actuation") not in ACTUATIONS:
                found.append(f"{name}.models.{model_id}: unknown actuation {model.get('actuation')!r}")
    return found


def figure(name: str, entry: Mapping[str, Any]) -> Known | Unknown:
    """One figure as read from a file. Raises QuantityError when its text is not a quantity of its kind."""
    kind, note = _KINDS[name], entry.get("note", "")
    source = tuple(entry["source"])
    if "value" in entry:
        return Known(parse(entry["value"], kind), entry["value"], source, entry["confirmed"], note)
    if "unknown" in entry:
        return Unknown("unknown", source, entry["confirmed"], note)
    texts = entry.get("choices") or (entry["low"], entry["high"])
    values = [parse(text, kind) for text in texts]
    unit = (" or " if "choices" in entry else " to ").join(texts)
    return Unknown(unit, source, entry["confirmed"], note, min(values), max(values))


def fact(entry: Mapping[str, Any]) -> Fact:
    """One fact as read from a file."""
    return Fact(entry.get("text", "unknown"), tuple(entry["source"]), entry["confirmed"], entry.get("note", ""))


def read_model[Model](name: str, model_id: str, build: Callable[[str, Mapping[str, Any]], Model]) -> Model:
    """Build one model of ``data/<name>.toml``. Raises Refused with the ids there are when this one is unknown."""
    data = _read(name)
    model = data["models"].get(model_id)
    if model is None:
        do = f"Use one of {', '.join(data['models'])}."
        raise Refused(Refusal("model_unknown", f"there is no model {str(model_id)[:60]!r}", "model", do))
    family = data.get("families", {}).get(model.get("family"), {})
    merged = {part: {**family.get(part, {}), **model.get(part, {})} for part in ("figures", "facts")}
    return build(model_id, {**model, **merged})


def model_ids(name: str) -> tuple[str, ...]:
    """The ids of the models of ``data/<name>.toml``."""
    return tuple(_read(name)["models"])


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("thecal.pump") / "data" / f"{name}.toml").read_text("utf-8"))


def _profile(model_id: str, model: Mapping[str, Any]) -> Profile:
    figures = {
        field: figure(name, entry) if (entry := model["figures"].get(name)) else _NONE
        for name, field in _FIGURES.items()
    }
    return Profile(
        id=model_id,
        name=model["name"],
        maker=model["maker"],
        kind=model["kind"],
        actuation=model["actuation"],
        sensors=tuple(model["sensors"]),
        programmable=model["programmable"],
        design=model.get("design", False),
        facts={name: fact(entry) for name, entry in model["facts"].items()},
        **figures,
    )


def _entries(table: Mapping[str, Any], where: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Every figure and fact below ``table``: (place, key, entry)."""
    found: list[tuple[str, str, Mapping[str, Any]]] = []
    for key, value in table.items():
        if isinstance(value, dict) and key != "sources":
            if "source" in value or "confirmed" in value:
                found.append((f"{where}.{key}", key, value))
            else:
                found += _entries(value, f"{where}.{key}")
    return found


def _entry_problems(key: str, entry: Mapping[str, Any], sources: Mapping[str, Any]) -> list[str]:
    found = [f"unknown word {word!r}" for word in entry.keys() - _ENTRY]
    if type(entry.get("confirmed")) is not bool:
        found.append("confirmed is missing")
    if not entry.get("source"):
        found.append("source is missing")
    found += [
        f"source {name!r} is not in the list of sources" for name in entry.get("source", ()) if name not in sources
    ]
    if set(entry.get("source", ())) == {"memory"} and entry.get("confirmed"):
        found.append("confirmed although it is only recalled")
    if key == "dead_space":
        return found + _readable("reservoir", entry)
    if key in _KINDS:
        return found + _readable(key, entry)
    if not entry.get("text") and "unknown" not in entry:
        found.append("it says nothing")
    return found


def _readable(name: str, entry: Mapping[str, Any]) -> list[str]:
    try:
        figure(name, entry)
    except (QuantityError, KeyError) as error:
        return [str(error)]
    return []
