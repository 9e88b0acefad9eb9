"""What to know when a trial is planned and read: how open trials mislead, with the published figures."""

from dataclasses import dataclass

from thecal.quantity import Refusal
from thecal.therapy.door import checked
from thecal.therapy.events import Method
from thecal.therapy.reference import cite, load
from thecal.therapy.trial import Verdict


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """A way to run a trial, as published."""

    method: Method
    setting: str
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    source: str
    confirmed: bool


def methods() -> tuple[MethodFacts, ...]:
    """The trial methods with what speaks for and against each."""
    return tuple(
        MethodFacts(
            each["id"],
            each["setting"],
            tuple(each.get("pros", ())),
            tuple(each.get("cons", ())),
            cite("trial", each["src"]),
            each["confirmed"],
        )
        for each in load("trial")["method"]
        if each["id"] != "none"
    )


@checked
def warnings(method: Method, verdict: Verdict | None = None) -> tuple[Refusal, ...]:
    """Warnings that belong beside a trial: every method here is open, so every trial is prone to placebo response."""
    pitfalls = {each["id"]: each for each in load("trial")["pitfall"]}
    named = ["placebo_open"]
    relief = None if verdict is None else verdict.relief
    if relief is not None and relief.high > pitfalls["surprising_response"]["above_pct"]:
        named.append("surprising_response")
    if verdict is not None and any(not day.counts for day in (*verdict.baseline_days, *verdict.window_days)):
        named.append("dropout")
    return tuple(
        Refusal(
            name, pitfalls[name]["text"], method, "", cite("trial", pitfalls[name]["src"]), pitfalls[name]["confirmed"]
        )
        for name in named
    )
