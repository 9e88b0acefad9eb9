"""Links by which a patient reaches the diary without an account. Only a digest of the secret is kept."""

import hashlib
import secrets
from uuid import UUID

from django.db import models


class DiaryLink(models.Model):
    """One link. Times are ms of the clinic's clock."""

    chart = models.UUIDField(db_index=True)
    token_digest = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=150)
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    revoked_ms = models.BigIntegerField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-made_ms",)

    def __str__(self) -> str:
        return f"diary link of {self.chart}, made by {self.made_by}"

    @classmethod
    def make(cls, chart: UUID, made_by: str, now: int, expires: int) -> tuple["DiaryLink", str]:
        """A new link and its secret, which is not kept and cannot be shown again."""
        token = secrets.token_urlsafe(32)
        link = cls.objects.create(
            chart=chart, token_digest=_digest(token), made_by=made_by, made_ms=now, expires_ms=expires
        )
        return link, token

    @classmethod
    def find(cls, token: str, now: int) -> "DiaryLink | None":
        """The live link of ``token``, or None when it is unknown, revoked or over."""
        link = cls.objects.filter(token_digest=_digest(token)).first()
        return link if link is not None and link.live(now) else None

    def live(self, now: int) -> bool:
        """True while neither revoked nor over."""
        return self.revoked_ms is None and now < self.expires_ms


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
