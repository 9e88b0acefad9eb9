"""The pump's controller. Standard library only; deterministic; integers only; no clock and no I/O of its own."""
