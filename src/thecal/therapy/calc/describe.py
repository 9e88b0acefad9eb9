"""Calculations described for people: the list, the help of one, and the page of the documentation."""

from thecal.therapy.calc.calculation import Calculation, Input
from thecal.therapy.calc.registry import CALCULATIONS, SECTIONS
from thecal.therapy.door import checked

_HEAD = """# Calculations

Every sum of the pathway, as it stands in the code. This page is written from the table of calculations and compared
with it by a test, so a calculation that is missing here, or an example that gives another result, fails the build.

Run one with `thecal calc NAME input='number unit' ...`, list them with `thecal calc list`, read the help of one with
`thecal calc NAME --help`. With `--json FILE` the inputs are read from a JSON object of texts with units, and the result
is JSON with the exact rational beside each number; `--json` alone prints JSON for inputs on the command line.
`thecal calc list --json` and `thecal calc NAME --help --json` give names, other names, kinds, accepted units and
defaults as JSON. A refusal goes to standard error and ends with code 2.

A value is a number and its unit: `6.5 mg/day`, `6 mg per 24 h`, `250 mcg/hr`, `2 days 3 h`. A concentration may be a
strength by weight in volume, `0.75 %` or `1:1000`. In a JSON file a value is a text, or `{"value": 6.5, "unit":
"mg/day"}`; a list is a list of these, or one text with `;` between; several drugs are `morphine 10 mg/mL + clonidine
150 mcg/mL`, or `{"morphine": "10 mg/mL", "clonidine": "150 mcg/mL"}`. What can be misread is refused with what to
write: `ug` and the Greek letter, `cc`, a number without a unit, a comma in a number. In the JSON of a result each input
stands with its exact value in the inner unit, and with `default` true where nobody gave it.

Inside everything is an exact rational of nL, fg, fg/nL, nL/day, fg/day, mm and ms; only what people read is rounded, to
six significant digits. Whatever a pump does is rounded against risk. Nothing here is dosing advice, and nothing changes
a dose.
"""


def listing() -> list[str]:
    """One line a calculation, by section."""
    width = max(map(len, CALCULATIONS))
    return [f"{each.section:>2}  {name:<{width}}  {each.title}" for name, each in CALCULATIONS.items()]


@checked
def describe(calculation: Calculation) -> list[str]:
    """The help of one calculation: what it is, its inputs, its formula and source, and a worked example."""
    lines = [f"{calculation.name}: {calculation.title} (section {calculation.section})", "", calculation.about, ""]
    lines += [f"formula: {calculation.formula}", "", "inputs:"]
    for entry in calculation.inputs:
        lines.append(f"  {entry.name}  {_need(entry)}: {entry.help}")
        lines.append(f"      {entry.reader.accepts}; for example '{entry.reader.example}'")
        if entry.aliases:
            lines.append(f"      also: {', '.join(entry.aliases)}")
    if calculation.aliases:
        lines += ["", f"also called: {', '.join(calculation.aliases)}"]
    flag = "" if calculation.source.confirmed else " [unconfirmed]"
    lines += ["", f"source: {calculation.source.text}{flag}", "", "example:", f"  {command(calculation)}"]
    return lines + [f"  {line}" for line in calculation.run(calculation.example).lines()]


def command(calculation: Calculation) -> str:
    """The worked example as a command."""
    given = " ".join(f"{key}='{text}'" for key, text in calculation.example.items())
    return f"thecal calc {calculation.name} {given}"


def page() -> str:
    """The page of the documentation, complete."""
    parts = [_HEAD]
    for section, title in SECTIONS.items():
        parts.append(f"\n## {section}. {title}\n")
        parts += [_entry(each) for each in CALCULATIONS.values() if each.section == section]
    return "".join(parts)


def _entry(each: Calculation) -> str:
    flag = "" if each.source.confirmed else " **(unconfirmed)**"
    rows = "".join(
        f"| `{entry.name}` | {_need(entry)} | {entry.reader.name} | {entry.help} |\n" for entry in each.inputs
    )
    result = each.run(each.example)
    shown = [f"{result.title}: {result.main.text}"]
    shown += [f"  {row.name.replace('_', ' ')}: {row.text}" for row in result.rows]
    shown += [f"  warning: {warning}" for warning in result.warnings]
    example = "\n".join([f"$ {command(each)}", *shown])
    also = f"\n\nAlso called: {', '.join(f'`{alias}`' for alias in each.aliases)}" if each.aliases else ""
    return (
        f"\n### {each.name}\n\n{each.title}. {each.about}\n\n"
        f"Formula (`{each.name}` version {each.version}): `{each.formula}`\n\n"
        f"Source: {each.source.text}{flag}{also}\n\n| input | | kind | meaning |\n| --- | --- | --- | --- |\n{rows}"
        f"\n```\n{example}\n```\n"
    )


def _need(entry: Input) -> str:
    if entry.required:
        return "needed"
    return f"default {entry.default}" if entry.default is not None else "optional"
