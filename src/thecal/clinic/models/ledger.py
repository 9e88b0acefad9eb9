"""The chart ledger: one row per event, in the order in which a chart took them, never changed and never removed."""

from typing import Any, NoReturn, cast

from django.db import models


class AppendOnly(TypeError):
    """Somebody tried to change or remove a ledger entry."""


class _Entries[M: models.Model](models.QuerySet[M]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly("a ledger entry is never changed: record a correction as a new event")

    def delete(self) -> NoReturn:
        raise AppendOnly("a ledger entry is never removed")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly("a ledger entry is never changed: record a correction as a new event")


class ChainEntry(models.Model):
    """An event of a hash chain: its canonical bytes, their digest and that of the entry before.

    The database refuses update and delete by trigger as well (see the migrations), so a stray statement outside this
    class cannot rewrite a chain either.
    """

    seq = models.PositiveIntegerField()
    event = models.UUIDField(unique=True)
    kind = models.CharField(max_length=40)
    body = models.BinaryField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

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


class LedgerEntry(ChainEntry):
    """Event number ``seq`` (from 1) of a chart."""

    chart = models.UUIDField()

    objects = _Entries.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["chart", "seq"], name="one_entry_per_place"),)
        ordering = ("chart", "seq")

    def __str__(self) -> str:
        return f"{self.chart} #{self.seq} {self.kind}"


class FormularyEntry(ChainEntry):
    """Event number ``seq`` (from 1) of the site formulary."""

    objects = _Entries.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["seq"], name="one_formulary_entry_per_place"),)
        ordering = ("seq",)

    def __str__(self) -> str:
        return f"formulary #{self.seq} {self.kind}"
