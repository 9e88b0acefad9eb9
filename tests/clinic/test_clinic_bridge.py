"""After a change of solution the clinic asks for a bridge, or for the reason why there is none; the review shows it."""

import pytest

from clinic.way import IMPLANT, PRESCRIPTION, Desk, Way, errors
from thecal.pump import Bridge, Prescription
from thecal.quantity import VOLUME, parse
from thecal.therapy import events


@pytest.fixture
def changed(prescriber: Desk, way: Way) -> Way:
    """An implant whose path holds morphine 2 mg/mL, and a reservoir that was filled with 1 mg/mL."""
    way.decided()
    assert prescriber.send("implant", way.chart, IMPLANT | {"path": "drug"}).status_code == 302
    implant = way.folded.implant
    assert implant is not None
    volume = parse("18 mL", VOLUME)
    return way.tell(
        *(events.RefillRecorded, "nurse"),
        pump=implant.pump,
        start_nl=volume,
        expected_nl=volume,
        withdrawn_nl=volume,
        fill_nl=volume,
        solution="morphine 1 mg/mL",
    )


def test_an_order_after_a_change_of_solution_is_asked_for_its_bridge(changed: Way, nurse: Desk) -> None:
    page = nurse.read("prescription", changed.chart).content.decode()
    assert "The path still holds morphine 2 mg/mL" in page and "2 times the dose" in page
    answer = nurse.send("prescription-review", changed.chart, PRESCRIPTION)
    assert answer.status_code == 422 and "still there" in str(errors(answer)["bridge"])
    answer = nurse.send("prescription-review", changed.chart, PRESCRIPTION | {"bridge": "none"})
    assert answer.status_code == 422 and set(errors(answer)) == {"reason"}


def test_without_a_bridge_the_review_says_what_the_tip_will_give(changed: Way, nurse: Desk) -> None:
    fields = PRESCRIPTION | {"bridge": "none", "reason": "The catheter was aspirated."}
    page = nurse.send("prescription-review", changed.chart, fields).content.decode()
    assert "No bridge is ordered" in page and "1.2 mg/day in place of 0.6 mg/day" in page


def test_with_a_bridge_the_order_keeps_the_dose_while_the_old_solution_passes(changed: Way, nurse: Desk) -> None:
    answer = nurse.send("prescription-review", changed.chart, PRESCRIPTION | {"bridge": "bridge"})
    page = answer.content.decode()
    assert "bridge: 0.3 mL/day for" in page and "No bridge is ordered" not in page
    order = Prescription.from_bytes(answer.context["form"].initial["prescription"].encode())  # type: ignore[attr-defined]
    assert isinstance(order.once, Bridge)
    assert {step.flow for step in order.once.steps} == {300_000} and order.once.concentration == 2_000_000


def test_a_stop_is_not_held_up_by_a_bridge(changed: Way, nurse: Desk) -> None:
    fields = PRESCRIPTION | {"program": "stopped"}
    assert nurse.send("prescription-review", changed.chart, fields).status_code == 200
