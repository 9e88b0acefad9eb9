"""A calculation as one value: its inputs with kinds and help, its formula and source, and the exact sum itself.

``calculation(...)`` makes one from a body. From Python it takes typed values in inner units; ``run`` takes texts.
Both go through the same checks: wrong, missing, zero, negative, huge and contradictory input is refused alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.calc.reading import TEXT_MAX, Reader, Unread
from thecal.therapy.calc.result import Answer, Result, Row
from thecal.therapy.calc.sources import BALANCE, Source


@dataclass(frozen=True, slots=True)
class Input:
    """One input. It may be left out unless ``required``; ``zero`` says whether 0 makes sense."""

    name: str
    reader: Reader
    help: str
    default: str | None = None
    required: bool = True
    zero: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calculation:
    """One calculation of ``section``. ``example`` is a worked example: texts in, and the text of the result."""

    name: str
    section: int
    title: str
    formula: str
    inputs: tuple[Input, ...]
    example: Mapping[str, str]
    body: Callable[..., Answer]
    source: Source
    version: int
    aliases: tuple[str, ...]
    about: str

    def __call__(self, **values: object) -> Result:
        """The result for typed values in inner units (int or Fraction). Raises Refused naming every wrong input."""
        return self._answer(values, lambda entry, value: entry.reader.check(value))

    def run(self, texts: Mapping[str, object]) -> Result:
        """The result for texts with units; a list of texts stands for a list. Raises Refused."""
        return self._answer(texts, _read)

    def _answer(self, given: Mapping[str, object], take: Callable[[Input, Any], Any]) -> Result:
        named, wrong = self._named(given)
        values: dict[str, Any] = {}
        for entry in self.inputs:
            try:
                values[entry.name] = _value(entry, named.get(entry.name), take)
            except Unread as error:
                wrong.append(
                    Refusal(
                        "input", sentence(str(error)), f"{self.name}.{entry.name}", f"Accepted: {_accepted(entry)}."
                    )
                )
        if wrong:
            raise Refused(*wrong)
        answer = self.body(**values)
        main = answer.main
        return Result(
            calculation=self.name,
            title=self.title,
            value=main.value,
            unit=main.unit,
            low=main.low,
            high=main.high,
            note=main.note,
            rows=answer.rows,
            inputs=tuple(
                Row(entry.name, note=entry.reader.write(values[entry.name]))
                for entry in self.inputs
                if values[entry.name] is not None
            ),
            formula=self.formula,
            formula_id=self.name,
            version=self.version,
            warnings=answer.warnings,
            source=self.source.text,
            confirmed=self.source.confirmed,
        )

    def _named(self, given: Mapping[str, object]) -> tuple[dict[str, object], list[Refusal]]:
        known = {_key(word): entry.name for entry in self.inputs for word in (entry.name, *entry.aliases)}
        named: dict[str, object] = {}
        wrong = []
        accepted = f"Inputs of {self.name}: {', '.join(entry.name for entry in self.inputs)}."
        for word, value in given.items():
            name = known.get(_key(word))
            if name is None:
                wrong.append(Refusal("input_unknown", f"there is no input {word[:60]!r}.", self.name, accepted))
            elif name in named:
                wrong.append(Refusal("input_twice", f"{name} is given twice.", self.name, "Give it once."))
            else:
                named[name] = value
        return named, wrong


def calculation(  # noqa: PLR0913 - one argument for each part of the table's row
    name: str,
    section: int,
    title: str,
    formula: str,
    inputs: tuple[Input, ...],
    example: Mapping[str, str],
    *,
    source: Source = BALANCE,
    version: int = 1,
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., Answer]], Calculation]:
    """Make a calculation of a body that takes the inputs by name, checked, and gives an Answer or raises Refused."""

    def make(body: Callable[..., Answer]) -> Calculation:
        about = " ".join((body.__doc__ or "").split())
        return Calculation(name, section, title, formula, inputs, example, body, source, version, aliases, about)

    return make


def needed(name: str, reader: Reader, help_: str, *, zero: bool = False, aliases: tuple[str, ...] = ()) -> Input:
    """An input that must be given."""
    return Input(name, reader, help_, zero=zero, aliases=aliases)


def optional(
    name: str,
    reader: Reader,
    help_: str,
    default: str | None = None,
    *,
    zero: bool = False,
    aliases: tuple[str, ...] = (),
) -> Input:
    """An input that may be left out; ``default`` (text) then stands, where there is one."""
    return Input(name, reader, help_, default, required=False, zero=zero, aliases=aliases)


def refuse(code: str, what: str, where: str = "", do: str = "", source: str = "") -> Refused:
    """One refusal, ready to be raised."""
    return Refused(Refusal(code, sentence(what), where, do, source))


def sentence(text: str) -> str:
    """``text`` with a full stop, so that what follows it can be read."""
    return text if text.endswith((".", "?")) else text + "."


def _read(entry: Input, value: Any) -> Any:
    if isinstance(value, bool) and entry.reader.name == "choice":
        value = "yes" if value else "no"
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = "; ".join(value)
    elif type(value) is int:
        value = str(value)
    elif isinstance(value, Mapping) and set(value) == {"value", "unit"}:
        value = f"{value['value']} {value['unit']}"
    if not isinstance(value, str):
        raise Unread(f"{str(value)[:40]!r} is not text. Write for example {entry.reader.example!r}")
    if not value.strip():
        raise Unread("nothing was entered")
    if len(value) > TEXT_MAX:
        raise Unread(f"longer than {TEXT_MAX} characters")
    return entry.reader.read(value)


def _value(entry: Input, value: Any, take: Callable[[Input, Any], Any]) -> Any:
    if value is None:
        if entry.required:
            raise Unread("it is missing")
        return None if entry.default is None else entry.reader.read(entry.default)
    found = take(entry, value)
    if not entry.zero and _has_zero(found):
        stop = "; giving nothing is a stop, which is a command of its own" if entry.reader.name == "dose rate" else ""
        raise Unread(f"zero makes no sense here{stop}")
    return found


def _has_zero(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(not each for each in value if not isinstance(each, (str, tuple)))
    return not isinstance(value, str) and not value


def _accepted(entry: Input) -> str:
    return f"{entry.reader.accepts}; for example '{entry.reader.example}'"


def _key(word: str) -> str:
    return str(word).strip().lower().replace("-", "_").replace(" ", "_")
