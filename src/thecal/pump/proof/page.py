"""The figures of the pump as pages: ``docs/pump/evidence.md`` and ``docs/pump/detection.md``."""

from typing import Any

_LIMITS = (
    "## What these figures do not show",
    "",
    "* The sequences have 25 kinds of faults, up to 8 in each. Of clocks and switches those of one part alone fail",
    "  in a sequence: with both wrong at once nothing is promised. Faults of metering itself (gain, leak, a released",
    "  kink) are no strokes, and no stroke sensor sees them: what they cost is in the",
    "  [detection table](detection.md), not in the excess.",
    "* To be fast, heartbeats that say nothing new are left out between the first and the last, and the supervisor is",
    "  told of the drive's current at each fourth pulse and wherever the number of strokes is not one.",
    "* After both journals have lost records, pulse numbers that only those knew can be used again for new pulses.",
    "  It is counted (`numbers_used_again_after_both_lost_records`), gives no pulse twice, and happens behind alarms.",
    "* A silent loss of therapy is looked for as five pulses and four minutes behind the base program with no alarm",
    "  that explains it. A person who is called comes at random, and does not always do what helps.",
    "* Cuts take the power of both parts at once; of one part alone the sequences take it. A cut inside a record is",
    "  shown to leave a tail that the reader drops: at the first depth by reading the whole bank, below by the tail.",
    "  A later second cut is a first cut of the life that was recovered, and is left to the random sequences.",
    "* The twins of the states, by which flips of memory are found, are those of the rig; the device's own twin of",
    "  its controller's state is shown by tests, and its supervisor has none.",
    "* The search is of a model of the specification; what ties the model to the code is the sequences alone.",
    "* Figures of mutants and of branch coverage are made by commands of their own, and quoted from",
    "  [where they are kept](mutants.md).",
)
_TABLE_HEAD = (
    "The fault begins after six hours of therapy. Time is to the first new alarm. The dose error is drug at the tip",
    "after the fault, less what was ordered to the end of the hour of the alarm (or of two days), in parts of a day's",
    "dose.",
    "",
    "| fault | pump | mL/day | found after | by | dose error |",
    "| --- | --- | --- | --- | --- | --- |",
)
_ANSWERS = {True: "yes", False: "**no**", None: "not run"}


def page(data: dict[str, Any]) -> str:
    """The figures as a page."""
    machine = ", ".join(f"{name} {value}" for name, value in data["machine"].items())
    lines = [
        "# Evidence of the pump",
        "",
        f"Made by `thecal pump evidence` on {data['made']} with seed {data['seed']}; all numbers are kept in",
        "`evidence.json` beside this page. Times are of the machine named below, the rest follows from the seeds.",
        "The size of a figure is what it says under reached. What was not run in that size is not claimed.",
        "",
        f"Machine: {machine}; {data['seconds']} s in all.",
        ""
        if data["supervisor"]
        else "\n**In this run the controller stood alone: the supervisor took no part in it.**\n",
        "| figure | asked for | reached | holds | seeds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in data["figures"]:
        seeds = " to ".join(str(seed) for seed in each.get("seeds", ())) or "-"
        lines.append(f"| {each['name']} | {each['asked']} | {each['reached']} | {_ANSWERS[each['holds']]} | {seeds} |")
    lines += ["", "## Ledger of seeds", "", "| run | seeds | broken | digest |", "| --- | --- | --- | --- |"]
    for line in data["ledger"]:
        seeds = " to ".join(str(seed) for seed in line["seeds"])
        lines.append(f"| {line['made']} | {seeds} | {line['broken']} | `{line['digest'][:16]}` |")
    return "\n".join([*lines, "", *_LIMITS]) + "\n"


def detection_page(data: dict[str, Any]) -> str:
    """The detection table as a page."""
    lines = ["# Detection table", "", f"Made by `thecal pump evidence` on {data['made']}.", "", *_TABLE_HEAD]
    for line in data["detection"]:
        after = "not in two days" if line["after_ms"] is None else _span(line["after_ms"])
        told = line["alarm"] or ("the needle at a refill" if line["at_refill"] else "nobody")
        error = f"{line['error_ppm'] / 10_000:+.1f} %"
        lines.append(
            f"| {line['fault']} | {line['profile']} | {line['rate_ul_day'] / 1_000:g} | {after} | {told} | {error} |"
        )
    return "\n".join(lines) + "\n"


def _span(ms: int) -> str:
    if ms >= 3_600_000:
        return f"{ms / 3_600_000:.1f} h"
    return f"{ms / 60_000:.1f} min" if ms >= 60_000 else f"{ms / 1_000:g} s"
