"""The database itself refuses to change or remove a ledger entry, whoever asks."""

from typing import ClassVar

from django.db import migrations

_REFUSE = """
CREATE TRIGGER ledger_entry_no_{what} BEFORE {event} ON clinic_ledgerentry
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed or removed'); END
"""


class Migration(migrations.Migration):
    """Two triggers."""

    dependencies: ClassVar = [("clinic", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(_REFUSE.format(what=what, event=event), f"DROP TRIGGER ledger_entry_no_{what}")
        for what, event in (("update", "UPDATE"), ("delete", "DELETE"))
    ]
