"""The page and the data of the mutants: ``docs/pump/mutants.md`` and ``mutants.json``, a figure at a time."""

import json
from pathlib import Path
from typing import Any

_HEAD = """# Mutants of the pump

A mutant is the source with one small fault in it: a comparison, a number, an operator, a branch, a statement. This page
is made by the commands below; data, seeds and every survivor are in `mutants.json`.

```
thecal pump mutation --part kernel --write docs/pump          # score of the controller; --sample N --seed N for fewer
thecal pump mutation --part supervisor --write docs/pump      # score of the supervisor; --processes N to be quicker
thecal pump coverage --write docs/pump                        # branch coverage
thecal pump mutant-campaign --part kernel --write docs/pump   # its mutants beside the sound supervisor
thecal pump mutant-campaign --part supervisor --write docs/pump
```

Not mutated, because it takes no part in behaviour or is itself a check: assertions, `strict` of a zip, annotations,
docstrings, imports, decorators, `__all__`, and the text of an error. A mutant counts as found when a test fails, or
takes five times its processor time and a second. A survivor counts against the score, argued or not; arguments are in
`survivors.toml`.
"""

_COVERAGE = """## Branch coverage

Asked for: 100 % of controller and supervisor. Measured by the tests of the two parts alone.

| part | statements | of those run | branches | of those taken | covered | holds |
| --- | --- | --- | --- | --- | --- | --- |"""

_SCORE = """## Mutation score

Asked for: at least 95 %.

| part | mutants | tried | found | by the time bound | survived | argued | score | holds | seed |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""

_CAMPAIGNS = """## Mutants of one part beside the sound other part

Asked for: 1,000 each, no over-delivery: no window beyond its cap and one pulse, no second stroke after a stop. The
oracle counts strokes. Orders, boluses, refills, alarms, restarts, cuts of power within a pulse and faults of mechanism,
sensors and clocks are random. Each mutant has a script in which the sound parts run its lines, where one of them does:
`reached` says how many have one.

| mutated | mutants | reached | over-delivery | outcomes | without the supervisor | seed |
| --- | --- | --- | --- | --- | --- | --- |"""

_OUTCOMES = """
`as_without`: every stroke and veto as without the mutant. `different`: other strokes. `vetoed`: more vetoes. `crashed`:
an exception in a part, after which both restart. `hung`: no end within 20 s of processor time, and nothing found until
then. What did not behave as without a mutant in the controller was run again with no supervisor: the last column but
one."""


def write(folder: Path, kind: str, figure: dict[str, Any]) -> None:
    """Keep a figure among the data and make the page again."""
    path = folder / "mutants.json"
    data: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    data.setdefault(kind, {})[figure["part"]] = figure
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", "utf-8")
    (folder / "mutants.md").write_text(page(data), "utf-8")


def page(data: dict[str, Any]) -> str:
    """The page, as Markdown."""
    lines = [_HEAD]
    if covered := data.get("coverage"):
        lines.append(_COVERAGE)
        for part, each in sorted(covered.items()):
            lines.append(
                f"| {part} | {each['num_statements']} | {each['covered_lines']} | {each['num_branches']} | "
                f"{each['covered_branches']} | {each['percent']} % | {_holds(each)} |"
            )
        lines.append("")
    if scores := data.get("mutation"):
        lines.append(_SCORE)
        for part, each in sorted(scores.items()):
            lines.append(
                f"| {part} | {each['mutants']} | {each['tried']} | {each['killed']} | "
                f"{each['of_those_by_the_time_bound']} | {each['survived']} | {each['argued']} | "
                f"{each['score_percent']} % | {_holds(each)} | {each['seed']} |"
            )
        lines.append("")
    if campaigns := data.get("campaigns"):
        lines.append(_CAMPAIGNS)
        for part, each in sorted(campaigns.items()):
            alone = each["those_not_as_without_again_without_the_supervisor"]
            lines.append(
                f"| {part} | {each['mutants']} | {each['reached']} | {each['over_delivery']} | "
                f"{_counts(each['outcomes'])} | {_counts(alone)} | {each['seed']} |"
            )
        lines += [_OUTCOMES, ""]
    return "\n".join(lines)


def _holds(figure: dict[str, Any]) -> str:
    return "yes" if figure["holds"] else "**no**"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"
