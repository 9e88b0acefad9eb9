"""The chart ledger: one row per event, in the order in which a chart took them, never changed and never removed."""

from typing import Any, NoReturn, cast

from django.db import models


class AppendOnly(TypeError):
    """Somebody tried to change or remove a ledger entry."""


class _Entries(models.QuerySet["LedgerEntry"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly("a ledger entry is never changed: record a correction as a new event")

    def delete(self) -> NoReturn:
        raise AppendOnly("a ledger entry is never removed")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly("a ledger entry is never changed: record a correction as a new event")


class LedgerEntry(models.Model):
    """Event number ``seq`` (from 1) of a chart: its canonical bytes, their digest and that of the entry before.

    The database refuses update and delete by trigger as well (see the first migration), so a stray statement
    outside this class cannot rewrite a chart either.
    """

    chart = models.UUIDField()
    seq = models.PositiveIntegerField()
    event = models.UUIDField(unique=True)
    kind = models.CharField(max_length=40)
    body = models.BinaryField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = _Entries.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["chart", "seq"], name="one_entry_per_place"),)
        ordering = ("chart", "seq")

    def __str__(self) -> str:
        return f"{self.chart} #{self.seq} {self.kind}"

    @property
    def content(self) -> bytes:
        """The event's bytes, whatever type a stray hand may have left in the file."""
        body = cast("bytes | memoryview | str", self.body)
        return body.encode() if isinstance(body, str) else bytes(body)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; raises AppendOnly for an entry that is already kept."""
        if not self._state.adding:
            raise AppendOnly("a ledger entry is never changed: record a correction as a new event")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Never. Raises AppendOnly."""
        raise AppendOnly("a ledger entry is never removed")
