"""Records in from other systems: FHIR R4 bundles of one patient, read strictly, with every fact's origin kept."""

from thecal.exchange.envelope import BYTES_MAX
from thecal.exchange.fhir import read_bundle
from thecal.exchange.imported import (
    History,
    Imported,
    Measurement,
    Medication,
    PatientFacts,
    Problem,
    Procedure,
    Report,
)
from thecal.exchange.samples import example_bundles

__all__ = [
    "BYTES_MAX",
    "History",
    "Imported",
    "Measurement",
    "Medication",
    "PatientFacts",
    "Problem",
    "Procedure",
    "Report",
    "example_bundles",
    "read_bundle",
]
