"""SQLite's ``INSERT OR REPLACE`` removes the old row without asking its delete trigger; this refuses that way round."""

from typing import ClassVar

from django.db import migrations

_REFUSE = """
CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON clinic_ledgerentry
WHEN EXISTS (
    SELECT 1 FROM clinic_ledgerentry
    WHERE id = NEW.id OR event = NEW.event OR (chart = NEW.chart AND seq = NEW.seq)
)
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed or removed'); END
"""


class Migration(migrations.Migration):
    """One trigger."""

    dependencies: ClassVar = [("clinic", "0002_ledger_is_append_only")]
    operations: ClassVar = [migrations.RunSQL(_REFUSE, "DROP TRIGGER ledger_entry_no_replace")]
