"""Work on patients in chunks of one fixed size, on any number of threads, with the same bits.

Each chunk is computed alone and written to its own place, so neither the order nor the number of threads can
change a result. Give OpenBLAS one thread (``OPENBLAS_NUM_THREADS=1``): the matrices are small, the chunks many.
"""

import os
from collections.abc import Callable, Iterable


def threads_here() -> int:
    """How many threads this process may use at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunks(count: int, size: int) -> Iterable[slice]:
    """Slices of at most ``size`` that cover ``count`` things in order."""
    return (slice(first, min(first + size, count)) for first in range(0, count, size))


def over_chunks(count: int, size: int, work: Callable[[slice], None], threads: int | None = None) -> None:
    """Call ``work`` once for every chunk. The first error of a chunk is raised after the others have ended."""
    workers = threads_here() if threads is None else threads
    pieces = list(chunks(count, size))
    if workers <= 1 or len(pieces) <= 1:
        for piece in pieces:
            work(piece)
        return
    from concurrent.futures import ThreadPoolExecutor  # here, as most uses of the body need no threads

    with ThreadPoolExecutor(max_workers=workers) as pool:
        for done in [pool.submit(work, piece) for piece in pieces]:
            done.result()
