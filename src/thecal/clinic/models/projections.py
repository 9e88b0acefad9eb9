"""What can be thrown away and rebuilt: the list of charts, and what the pumps last said."""

from django.db import models


class ChartRow(models.Model):
    """One line of the patients' list and of the worklist, rebuilt from the ledger whenever its chart grows.

    ``tasks`` is the row of the worklist as text (``thecal.therapy.row_text``) after the version of the program that
    made it; ``trouble`` says why the chart cannot be trusted, empty when it can.
    """

    chart = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200, db_index=True)
    birth = models.CharField(max_length=10, blank=True)
    stage = models.CharField(max_length=20, db_index=True)
    version = models.PositiveIntegerField()
    changed_ms = models.BigIntegerField()
    tasks = models.TextField(blank=True, default="")
    trouble = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.stage})"


class PumpRecord(models.Model):
    """A pump of a chart: its folder below the data folder's ``pumps``, and the last status that was read.

    ``status`` is the pump's own answer; ``seen_ms`` is when it gave it; ``trouble`` says why the last
    question got none. ``watched_*`` is the counter at which an acknowledged prescription began to be watched.
    """

    class Role(models.TextChoices):
        """Which of the chart's two pumps it is."""

        EXTERNAL = "external", "External trial pump"
        IMPLANTED = "implanted", "Implanted pump"

    pump = models.CharField(max_length=64, primary_key=True)
    chart = models.UUIDField(db_index=True)
    role = models.CharField(max_length=12, choices=Role.choices)
    folder = models.CharField(max_length=200)
    made_ms = models.BigIntegerField()
    retired_ms = models.BigIntegerField(null=True, blank=True)
    status = models.JSONField(null=True, blank=True)
    seen_ms = models.BigIntegerField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    gaps_noted = models.PositiveIntegerField(default=0)
    watched_digest = models.CharField(max_length=64, blank=True)
    watched_pulses = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("made_ms",)

    def __str__(self) -> str:
        return f"{self.pump} of {self.chart}"


class PumpHour(models.Model):
    """One completed hour of a pump: pulses, volume (nL) and primary drug that left the tip (fg)."""

    pump = models.ForeignKey(PumpRecord, on_delete=models.CASCADE, related_name="hours")
    start_ms = models.BigIntegerField()
    pulses = models.PositiveIntegerField()
    volume_nl = models.BigIntegerField()
    tip_fg = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["pump", "start_ms"], name="one_row_per_pump_hour"),)
        ordering = ("start_ms",)

    def __str__(self) -> str:
        return f"{self.pump_id} {self.start_ms}"
