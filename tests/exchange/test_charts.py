"""An imported record opens a chart: its events fold, and an unknown outcome is never a met criterion."""

from thecal.exchange import example_bundles, read_bundle
from thecal.therapy import evaluate, fold

NOW = 1_800_000_000_000


def test_the_events_of_an_example_open_a_chart_that_replays() -> None:
    for path in example_bundles():
        imported = read_bundle(path.read_bytes())
        for role in ("nurse", "prescriber"):
            chart = fold(imported.events(NOW, "somebody", role, patient="p1"))
            assert chart.patient is not None
            assert chart.patient.patient == "p1"
            assert len(chart.history) == len(imported.history)
            assert chart.imports[0].pain == imported.pain


def test_only_treatments_that_the_record_calls_failed_are_met() -> None:
    path = next(path for path in example_bundles() if "surgery" in path.name)
    chart = fold(read_bundle(path.read_bytes()).events(NOW, "nurse-1"))
    status = {item.statement: item.status for item in evaluate(chart).items}
    met = [statement for statement, value in status.items() if value == "met"]
    assert any("chiropractic" in statement.lower() for statement in met), status
    assert not any("opioid" in statement.lower() for statement in met), status
