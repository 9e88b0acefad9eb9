"""What the supervisor takes two banks of bytes for: sound, torn, rotten, older, empty, and cut while they are opened.

``openings`` gives a digest of what is read, of all that is done to the storage, and of the state. Run as a program this
file writes down what is so now.
"""

import json
import random
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from pathlib import Path
from zlib import crc32

from supervisor_histories import Digest, Logged
from supervisor_rig import FIGURES, HOUR, T0, PowerCut, Store, order

from thecal.pump.supervisor import Fact, Guard, Install, Refill, Stop, Stroke, apply
from thecal.pump.supervisor.journal import Journal, encode, read_bank

FILE = Path(__file__).parent / "data" / "supervisor_banks.json"


def banks() -> Iterator[bytes]:
    """A sound bank, and what is torn, rotten or something else."""
    store = Store()
    guard = Guard(FIGURES, store, T0, new=True)
    for event in (Refill(18_000_000, T0), Install(order(), T0), Stroke(T0 + 5), Stop(T0 + 6)):
        guard.tell(event)
    whole = bytes(store.banks[1])
    yield whole
    for size in (*range(24), *range(24, len(whole), 7), *range(len(whole) - 60, len(whole))):
        yield whole[:size]
        yield whole[:size] + bytes(1)
        yield whole[:size] + bytes(40)
        yield whole[:size] + bytes(5) + b"\xa5"
        yield whole[:size] + bytes([whole[size] ^ 16]) + whole[size + 1 :]
    for size in (1, 18, 19, 20, 36, 37, 38, 74, 200):
        yield b"\xff" * size
        yield bytes(size)
    empty, _ = encode(Fact("stop", 1), whole[:20])
    front = bytes(4) + crc32(bytes(4)).to_bytes(4)  # of a record without a body
    yield whole[:20] + front + bytes(17) + empty
    yield whole[:20] + front + sha256(whole[:20]).digest()[:16] + b"\xa5"


def openings() -> str:
    """What is read from banks alone and in pairs, and what is done to a storage at the opening, also a cut one."""
    told = Digest()
    every = list(banks())
    for data in every:
        told.add(read_bank(data))
    dice = random.Random(3)
    older, newer = Store(), Store()
    for store, begins in ((older, 1), (newer, 2)):
        kept = Journal(store, FIGURES, T0, new=True)
        for _ in range(begins):
            kept.keep(apply(kept.state, Fact("refill", T0, (9_000,))), [Fact("refill", T0, (9_000,))])
            kept._begin(kept.state)
    sound = [bytes(bank) for store in (older, newer) for bank in store.banks if bank]
    rotten = [bytes([*data[:-30], data[-30] ^ 1, *data[-29:]]) for data in sound]
    torn = [data[:-3] for data in sound] + [data + b"\0\0" for data in sound]
    choice = (b"", *sound, *rotten, *torn, every[0], every[0][:19], every[0][:40], dice.choice(every))
    for first, second, new in product(choice, choice, (False, True)):
        for budget in (None, 0, 1, 30, 200):
            store = Logged(told, budget)
            store.banks[0] += first
            store.banks[1] += second
            _opened(told, store, new=new)
    return told.text()


def _opened(told: Digest, store: Store, *, new: bool) -> None:
    try:
        kept = Journal(store, FIGURES, T0 + HOUR, new=new)
    except PowerCut:
        store.budget = None
        kept = Journal(store, FIGURES, T0 + HOUR, new=new)
    store.budget = None
    fact = Fact("stop", T0 + HOUR)
    kept.keep(apply(kept.state, fact), [fact])
    told.add([*kept.state[:2], *kept.state[5:]], kept.state.ledger, bytes(store.banks[0]), bytes(store.banks[1]))


if __name__ == "__main__":
    FILE.write_text(json.dumps({"openings": openings()}, indent=1) + "\n", "utf-8")
