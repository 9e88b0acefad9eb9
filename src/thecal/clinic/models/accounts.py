"""Who may sign in, in which role, and how often somebody has tried."""

from django.conf import settings
from django.db import models


class Profile(models.Model):
    """The one role of a user. A patient's account names the one chart that it belongs to."""

    class Role(models.TextChoices):
        """The roles of the clinic, by the names that the chart's events use."""

        NURSE = "nurse", "Nurse"
        PRESCRIBER = "prescriber", "Prescriber"
        PHARMACIST = "pharmacist", "Pharmacist"
        AUDITOR = "auditor", "Auditor"
        PATIENT = "patient", "Patient"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="profile")
    role = models.CharField(max_length=12, choices=Role.choices)
    chart = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="patient_has_a_chart",
                condition=models.Q(role="patient", chart__isnull=False)
                | (~models.Q(role="patient") & models.Q(chart=None)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class SignInAttempt(models.Model):
    """One failed sign-in, kept to slow down guessing: by account and by address."""

    account = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.account} from {self.address} at {self.at}"
