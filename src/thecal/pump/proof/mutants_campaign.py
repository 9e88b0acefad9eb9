"""Mutants of one part beside the sound other part: nothing may leave the pump beyond a cap and one pulse.

Each mutant runs in a fork of its own: some simulated days of ``mutants_pair``, script and order of mutants by the seed.
A mutant that crashes, hangs or gives too little is no failure here. Of the controller's mutants each runs a second time
without any supervisor: how many then deliver too much shows what the supervisor is good for, and that the oracle sees.
"""

import json
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from thecal.pump.proof.mutants import Finder, Mutant, forget, mutants, patch

SCRIPTS = 40
_CPU_S = 20  # of one run; a sound one takes half a second
_MEMORY = 4 << 30
OVER, HUNG, SAME, CRASHED, VETOED, OTHER = "over_delivery", "hung", "as_without", "crashed", "vetoed", "different"


def picked(part: str, count: int, seed: int) -> list[tuple[Mutant, int]]:
    """Mutants in an order that the seed gives, each with the seed of its script; all again when there are fewer."""
    every = list(mutants(part))
    random.Random(f"{part} {seed}").shuffle(every)  # noqa: S311 - simulation
    return [(every[place % len(every)], seed + place % SCRIPTS) for place in range(count)]


def campaign(part: str, count: int, seed: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """The figure: what became of each mutant."""
    from thecal.pump.proof import mutants_pair

    assert mutants_pair.DAYS > 0, "loaded before the forks, so that they need not"
    found, alone, findings = Counter[str](), Counter[str](), []
    sound: dict[int, tuple[int, int]] = {}
    for done, (mutant, script) in enumerate(picked(part, count, seed), 1):
        if script not in sound:
            pair = mutants_pair.Pair(script)
            pair.run()
            sound[script] = pair.strokes, pair.vetoes
        outcome, told = _tried(mutant, script, sound[script])
        found[outcome] += 1
        if outcome == OVER:
            findings.append({"mutant": mutant.identity, "number": mutant.number, "script": script, "told": told})
        if part == "kernel" and outcome != SAME:
            alone[_tried(mutant, script, None)[0]] += 1
        if done % 50 == 0:
            progress(f"{part}: {done} of {count} mutants, {found[OVER]} with over-delivery")
    days = mutants_pair.DAYS
    return {
        "part": part,
        "asked_for": "no over-delivery: no window beyond its cap and one pulse, no second stroke after a stop",
        "mutants": count,
        "different_mutants": min(count, len(mutants(part))),
        "of": len(mutants(part)),
        "days_each": days,
        "seed": seed,
        "scripts": [seed, seed + min(count, SCRIPTS) - 1],
        "outcomes": dict(sorted(found.items())),
        "those_not_as_without_again_without_the_supervisor": dict(sorted(alone.items())),
        "over_delivery": found[OVER],
        "findings": findings,
        "holds": not found[OVER],
    }


def _tried(mutant: Mutant, script: int, sound: tuple[int, int] | None) -> tuple[str, str]:
    """What became of a mutant, and what the oracle said. ``sound``: strokes and vetoes of sound parts; None: alone."""
    reader, pipe = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        _child(mutant, script, pipe, sound)
    os.close(pipe)
    with os.fdopen(reader) as told:
        lines = told.read().splitlines()
    os.waitpid(pid, 0)
    outcome, said = json.loads(lines[-1]) if lines else (HUNG, "")
    return outcome, said


def _child(mutant: Mutant, script: int, pipe: int, sound: tuple[int, int] | None) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        os.write(pipe, json.dumps(_outcome(mutant, script, sound)).encode() + b"\n")
    except Exception:  # noqa: BLE001 - the mutant cannot be imported
        os.write(pipe, json.dumps([CRASHED, ""]).encode() + b"\n")
    finally:
        os._exit(0)


def _outcome(mutant: Mutant, script: int, sound: tuple[int, int] | None) -> tuple[str, str]:
    if not patch(mutant):
        forget()
        sys.meta_path.insert(0, Finder(mutant))
    from thecal.pump.proof import mutants_pair

    try:
        pair = mutants_pair.Pair(script, alone=sound is None)
        pair.run()
    except mutants_pair.OverDelivery as over:
        return OVER, str(over)
    if pair.crashes:
        return CRASHED, ""
    if (pair.strokes, pair.vetoes) == sound:
        return SAME, ""
    return (VETOED if sound is not None and pair.vetoes > sound[1] else OTHER), ""
