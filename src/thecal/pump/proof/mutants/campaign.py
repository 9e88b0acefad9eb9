"""Mutants of one part beside the sound other part: nothing may leave the pump beyond a cap and one pulse.

Each mutant runs in a fork of its own, with a script of ``script`` in which sound parts run the changed lines, where
there is one. A mutant that crashes, hangs or gives too little is no failure here. Of the controller's mutants each that
behaved otherwise runs a second time without any supervisor: how many then deliver too much shows what the supervisor is
good for, and that the oracle sees.
"""

import json
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from thecal.pump.proof.mutants.sites import MODULE
from thecal.pump.proof.mutants.source import Finder, Lines, Mutant, forget, mutants, patch, spanned

SCRIPTS = 60
_CPU_S = 20  # of one run; a sound one takes half a second
_MEMORY = 4 << 30
OVER, HUNG, SAME, CRASHED, VETOED, OTHER = "over_delivery", "hung", "as_without", "crashed", "vetoed", "different"

type Behaviour = list[Any]  # the time of each stroke, and how many vetoes there were for which reason


class Sound(NamedTuple):
    """What sound parts do in a script: lines run of the part that is to be changed, strokes and vetoes."""

    script: int
    lines: set[tuple[str, int]]
    behaviour: Behaviour


def picked(part: str, count: int, seed: int) -> list[Mutant]:
    """Mutants in an order that the seed gives; all again when there are fewer."""
    every = list(mutants(part))
    random.Random(f"{part} {seed}").shuffle(every)  # noqa: S311 - simulation
    return [every[place % len(every)] for place in range(count)]


def suited(mutant: Mutant, sound: list[Sound], place: int) -> tuple[Sound, bool]:
    """A script for a mutant, one in which sound parts run its lines where there is one, and whether there is."""
    span = spanned(mutant)
    fit = [each for each in sound if mutant.function == MODULE or span & each.lines]
    found = fit or sound
    return found[place % len(found)], bool(fit)


def campaign(
    part: str, count: int, seed: int, progress: Callable[[str], None], scripts: int = SCRIPTS
) -> dict[str, Any]:
    """The figure: what became of each mutant."""
    found, alone, findings, hung, reached = Counter[str](), Counter[str](), [], [], 0
    sound = [_sound(part, script) for script in range(seed, seed + scripts)]
    for place, mutant in enumerate(picked(part, count, seed)):
        script, fits = suited(mutant, sound, place)
        reached += fits
        outcome, told = _tried(mutant, script, alone=False)
        found[outcome] += 1
        named = {"mutant": mutant.identity, "number": mutant.number, "script": script.script, "told": told}
        if outcome == OVER:
            findings.append(named)
        elif outcome == HUNG:
            hung.append(named)
        if part == "kernel" and outcome != SAME:
            alone[_tried(mutant, script, alone=True)[0]] += 1
        if (place + 1) % 50 == 0:
            progress(f"{part}: {place + 1} of {count} mutants, {reached} reached, {found[OVER]} with over-delivery")
    return {
        "part": part,
        "asked_for": "no over-delivery: no window beyond its cap and one pulse, no second stroke after a stop",
        "mutants": count,
        "different_mutants": min(count, len(mutants(part))),
        "of": len(mutants(part)),
        "reached": reached,
        "seed": seed,
        "scripts": scripts,
        "outcomes": dict(sorted(found.items())),
        "those_not_as_without_again_without_the_supervisor": dict(sorted(alone.items())),
        "over_delivery": found[OVER],
        "findings": findings,
        "hung": hung,
        "holds": not found[OVER],
    }


def _sound(part: str, script: int) -> Sound:
    from thecal.pump.proof.mutants.script import Script

    pair = Script(script)
    with Lines(part) as watched:
        lines = watched.run_by(pair.run)
    assert not pair.crashes, "sound parts do not crash"
    return Sound(script, lines, pair.behaviour())


def _tried(mutant: Mutant, sound: Sound, *, alone: bool) -> tuple[str, str]:
    """What became of a mutant in a script, and what the oracle said."""
    reader, pipe = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        _child(mutant, pipe, sound, alone=alone)
    os.close(pipe)
    with os.fdopen(reader) as told:
        lines = told.read().splitlines()
    os.waitpid(pid, 0)
    outcome, said = json.loads(lines[-1]) if lines else (HUNG, "")
    return outcome, said


def _child(mutant: Mutant, pipe: int, sound: Sound, *, alone: bool) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        os.write(pipe, json.dumps(_outcome(mutant, sound, alone=alone)).encode() + b"\n")
    except Exception:  # noqa: BLE001 - the mutant cannot be imported
        os.write(pipe, json.dumps([CRASHED, ""]).encode() + b"\n")
    finally:
        os._exit(0)


def _outcome(mutant: Mutant, sound: Sound, *, alone: bool) -> tuple[str, str]:
    if not patch(mutant):
        forget()
        sys.meta_path.insert(0, Finder(mutant))
    from thecal.pump.proof.mutants.script import Script
    from thecal.pump.proof.mutants.strokes import OverDelivery

    pair = Script(sound.script, alone=alone)
    try:
        pair.run()
    except OverDelivery as over:
        return OVER, str(over)
    if pair.crashes:
        return CRASHED, ""
    if pair.behaviour() == sound.behaviour:
        return SAME, ""
    return (VETOED if sum(pair.vetoes.values()) > sum(sound.behaviour[1].values()) else OTHER), ""
