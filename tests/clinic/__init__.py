"""Tests of the clinic, against its real database, rooms and pump processes."""
