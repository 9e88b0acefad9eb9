"""A calculation as one value: its inputs with kinds and help, its formula and source, and the exact sum itself.

``calculation(...)`` makes one from a body. From Python it takes typed values in inner units; ``run`` takes texts.
Both go through the same checks: wrong, missing, zero, negative, huge and contradictory input is refused alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from thecal.quantity import Refusal, Refused
from thecal.therapy.calc.names import common
from thecal.therapy.calc.reading import TEXT_MAX, Reader, Unread
from thecal.therapy.calc.result import Answer, Given, Result
from thecal.therapy.calc.shapes import as_text
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

    def plain(self) -> dict[str, object]:
        """This calculation as plain values, for JSON: what it takes, by what names and in what form, and an example."""
        return {
            "name": self.name,
            "section": self.section,
            "title": self.title,
            "about": self.about,
            "aliases": list(self.aliases),
            "formula": {"id": self.name, "version": self.version, "text": self.formula},
            "source": self.source.text,
            "confirmed": self.source.confirmed,
            "inputs": [
                {
                    "name": entry.name,
                    "required": entry.required,
                    "default": entry.default,
                    "kind": entry.reader.name,
                    "help": entry.help,
                    "accepts": entry.reader.accepts,
                    "example": entry.reader.example,
                    "zero": entry.zero,
                    "aliases": list(entry.aliases),
                }
                for entry in self.inputs
            ],
            "example": dict(self.example),
        }

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
                Given(
                    entry.name,
                    entry.reader.write(values[entry.name]),
                    values[entry.name],
                    entry.reader.unit,
                    named.get(entry.name) is None,
                )
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
                near = get_close_matches(_key(word), list(known), 1, 0.7)
                do = f"Did you mean {known[near[0]]}? {accepted}" if near else accepted
                wrong.append(Refusal("input_unknown", f"there is no input {str(word)[:60]!r}.", self.name, do))
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
        all_inputs = _with_common_names(inputs)
        return Calculation(name, section, title, formula, all_inputs, example, body, source, version, aliases, about)

    return make


def _with_common_names(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """The inputs with the other names that people give them, as far as no other input of the sum is called so."""
    taken = {_key(word) for entry in inputs for word in (entry.name, *entry.aliases)}
    found = []
    for entry in inputs:
        more = tuple(word for word in common(entry.name, entry.reader.name) if word not in taken)
        taken.update(more)
        found.append(replace(entry, aliases=(*entry.aliases, *more)))
    return tuple(found)


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


def refuse(code: str, what: str, where: str = "", do: str = "", source: Source | None = None) -> Refused:
    """One refusal, ready to be raised; it says so when nobody has read its source again."""
    if source is None:
        return Refused(Refusal(code, sentence(what), where, do))
    return Refused(Refusal(code, sentence(what), where, do, source.text, source.confirmed))


def sentence(text: str) -> str:
    """``text`` with a full stop, so that what follows it can be read."""
    return text if text.endswith((".", "?")) else text + "."


def _read(entry: Input, value: Any) -> Any:
    text = as_text(value, entry.reader)
    if not text.strip():
        raise Unread("nothing was entered")
    if len(text) > TEXT_MAX:
        raise Unread(f"longer than {TEXT_MAX} characters")
    return entry.reader.read(text)


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
