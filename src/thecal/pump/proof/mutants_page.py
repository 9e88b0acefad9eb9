"""The page and the data of the mutants: ``docs/pump/mutants.md`` and ``mutants.json``, a figure at a time."""

import json
from pathlib import Path
from typing import Any

_HEAD = """# Mutants of the pump

A mutant is the source with one small fault in it: a comparison, a number, an operator, a branch, a statement. This page
is made by the commands below; data, seeds and every survivor are in `mutants.json`.

```
thecal pump mutation --part kernel --write docs/pump          # score of the controller; --sample N --seed N for fewer
thecal pump mutation --part supervisor --write docs/pump      # score of the supervisor
thecal pump mutant-campaign --part kernel --write docs/pump   # its mutants beside the sound supervisor
thecal pump mutant-campaign --part supervisor --write docs/pump
.venv/bin/pytest tests/pump --cov=thecal.pump.kernel --cov=thecal.pump.supervisor --cov=thecal.pump.journal \\
    --cov-branch --cov-report=term-missing                    # branch coverage
```

Not mutated, because it takes no part in behaviour or is itself a check: assertions, annotations, docstrings, imports,
decorators, `__all__`, and the text of an error. A mutant counts as found when a test fails, or takes ten times its
processor time and two seconds. A survivor counts against the score, argued or not; arguments are in `survivors.toml`.
"""


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
    if scores := data.get("mutation"):
        lines += ["## Mutation score", "", "Asked for: at least 95 %.", ""]
        lines += ["| part | mutants | tried | found | by the time bound | survived | argued | score | holds | seed |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
        for part, each in sorted(scores.items()):
            lines.append(
                f"| {part} | {each['mutants']} | {each['tried']} | {each['killed']} | "
                f"{each['of_those_by_the_time_bound']} | {each['survived']} | {each['argued']} | "
                f"{each['score_percent']} % | {'yes' if each['holds'] else '**no**'} | {each['seed']} |"
            )
        lines.append("")
    if campaigns := data.get("campaigns"):
        lines += ["## Mutants of one part beside the sound other part", ""]
        lines += ["Asked for: 1,000 each, no over-delivery: no window beyond its cap and one pulse, no second stroke"]
        lines += [
            "after a stop. The oracle counts strokes. Orders, boluses, refills, alarms and restarts are random.",
            "",
        ]
        lines += ["| mutated | mutants | days each | over-delivery | outcomes | without the supervisor | seed |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
        for part, each in sorted(campaigns.items()):
            alone = each["those_not_as_without_again_without_the_supervisor"]
            lines.append(
                f"| {part} | {each['mutants']} | {each['days_each']} | {each['over_delivery']} | "
                f"{_counts(each['outcomes'])} | {_counts(alone)} | {each['seed']} |"
            )
        lines += [
            "",
            "`as_without`: strokes and vetoes as without the mutant. What behaved otherwise in the controller",
        ]
        lines += ["was run again with no supervisor: the last column.", ""]
    return "\n".join(lines)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"
