"""The pharmacist, the site formulary, which the database itself keeps append-only, and the rows of the worklist."""

from typing import ClassVar

from django.db import migrations, models

_WHEN = "WHEN EXISTS (SELECT 1 FROM clinic_formularyentry WHERE id = NEW.id OR event = NEW.event OR seq = NEW.seq)"
_REFUSE = """
CREATE TRIGGER formulary_entry_no_{what} BEFORE {event} ON clinic_formularyentry {when}
BEGIN SELECT RAISE(ABORT, 'a formulary entry is never changed or removed'); END
"""
_ROLES = [
    ("nurse", "Nurse"),
    ("prescriber", "Prescriber"),
    ("pharmacist", "Pharmacist"),
    ("auditor", "Auditor"),
    ("patient", "Patient"),
]


class Migration(migrations.Migration):
    """A role, a table with its triggers, two columns."""

    dependencies: ClassVar = [("clinic", "0003_ledger_is_never_replaced")]
    operations: ClassVar = [
        migrations.AlterField("profile", "role", models.CharField(choices=_ROLES, max_length=12)),
        migrations.CreateModel(
            "FormularyEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.PositiveIntegerField()),
                ("event", models.UUIDField(unique=True)),
                ("kind", models.CharField(max_length=40)),
                ("body", models.BinaryField()),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ("seq",),
                "constraints": [models.UniqueConstraint(fields=("seq",), name="one_formulary_entry_per_place")],
            },
        ),
        *(
            migrations.RunSQL(
                _REFUSE.format(what=what, event=event, when=when), f"DROP TRIGGER formulary_entry_no_{what}"
            )
            for what, event, when in (
                ("update", "UPDATE", ""),
                ("delete", "DELETE", ""),
                ("replace", "INSERT", _WHEN),
            )
        ),
        migrations.AddField("chartrow", "tasks", models.TextField(blank=True, default="")),
        migrations.AddField("chartrow", "trouble", models.CharField(blank=True, default="", max_length=300)),
    ]
