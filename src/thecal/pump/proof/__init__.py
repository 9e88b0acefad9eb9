"""Proofs of the pump: torture, cuts of power, flips of bits, exhaustive search, detection table, evidence."""
