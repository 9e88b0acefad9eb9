"""The catalog of pumps and catheters: every entry read, nothing guessed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.pump.catalog import DeviceFigures, Known, Unknown, cite, problems, profile, profiles
from thecal.pump.catheter_plan import CatheterPlan, catheter, catheters
from thecal.quantity import Refused

RUNNABLE = {
    "virtual_peristaltic_20",
    "virtual_peristaltic_40",
    "virtual_valve_gated_20",
    "virtual_valve_gated_40",
    "virtual_external_trial",
    "reference",
}
NAMED = RUNNABLE | {"synchromed_ii_20", "synchromed_ii_40", "prometra_ii_20", "codman_3000", "virtual_gas"}


def test_every_entry_has_unit_source_and_confirmed_flag() -> None:
    assert problems() == []


def test_the_known_models_are_there_under_their_ids() -> None:
    assert {model.id for model in profiles()} >= NAMED
    assert {model.id for model in catheters()} >= {"flowonix_11823", "ascenda_8780", "epidural_trial", "generic"}


def test_every_source_key_can_be_cited() -> None:
    for model in profiles():
        for name in ("reservoir_nl", "pulse_nl", "flow_min", "flow_max", "tubing_nl", "residual_nl"):
            for source in getattr(model, name).source:
                assert cite(source)
    with pytest.raises(KeyError):
        cite("nobody")


@pytest.mark.parametrize("model", profiles(), ids=lambda model: model.id)
def test_a_profile_with_a_missing_value_refuses_what_needs_it(model: object) -> None:
    chosen = profile(model.id)  # type: ignore[attr-defined]
    if chosen.id in RUNNABLE:
        figures = chosen.device()
        assert 0 < figures.pulse_nl < figures.reservoir_nl
        assert 0 <= figures.flow_min < figures.flow_max
        assert figures.residual_nl < figures.reservoir_nl
        return
    with pytest.raises(Refused) as caught:
        chosen.device()
    for refusal in caught.value.refusals:
        assert refusal.code in {"profile_value_missing", "not_programmable"}
        assert refusal.do


@pytest.mark.parametrize("name", DeviceFigures.__slots__[1:-1])  # the last one has a default
def test_each_figure_of_a_device_is_needed(name: str) -> None:
    gone = Unknown("unknown", ("memory",), confirmed=False)
    with pytest.raises(Refused, match=name):
        replace(profile("reference"), **{name: gone}).device()  # type: ignore[arg-type]


def test_published_figures_are_kept_as_exact_integers() -> None:
    model = profile("synchromed_ii_20")
    assert model.reservoir_nl == Known(20_000_000, "20 mL", ("ecri2014", "launch2003"), confirmed=True)
    assert model.need("tubing_nl", "flow_min") == (199_000, 48_000)
    assert set(model.unconfirmed()) >= {"tubing_nl", "flow_min", "flow_max", "residual_nl"}
    pulse = profile("prometra_ii_20").pulse_nl
    assert isinstance(pulse, Unknown)
    assert (pulse.low, pulse.high) == (2_000, 3_000)


def test_an_unknown_model_is_refused_with_the_models_there_are() -> None:
    with pytest.raises(Refused, match="virtual_peristaltic_20"):
        profile("nonesuch")
    with pytest.raises(Refused, match="flowonix_11823"):
        catheter("nonesuch")


def test_catheter_volume_follows_the_makers_formula() -> None:
    plan = CatheterPlan("flowonix_11823", (1_100,), (375,))
    assert plan.volume().point() == 188_500
    assert CatheterPlan("flowonix_11823", (1_100,), (400,)).volume().point() == 182_000
    two = CatheterPlan("medtronic_8711", (381, 660), (71, 140))
    assert two.volume().point() == 830 * 220


@given(st.integers(500, 2_000), st.integers(0, 499))
def test_an_unrecorded_trim_is_a_range_that_holds_the_truth(supplied: int, trimmed: int) -> None:
    known = CatheterPlan("generic", (supplied,), (trimmed,)).volume().point()
    unknown = CatheterPlan("generic", (supplied,), None)
    volume = unknown.volume()
    assert volume.low < volume.high
    if supplied - trimmed >= 400:
        assert volume.low <= known <= volume.high
    with pytest.raises(Refused, match="between"):
        volume.point()
    assert unknown.warnings()[0].code == "trim_unknown"


@pytest.mark.parametrize(
    ("supplied", "trimmed"),
    [((1_100,), (1_100,)), ((1_100,), (-1,)), ((0,), (0,)), ((1, 2), (0, 0)), ((1_100,), (1, 2))],
)
def test_lengths_that_cannot_be_are_refused(supplied: tuple[int, ...], trimmed: tuple[int, ...]) -> None:
    with pytest.raises(Refused):
        CatheterPlan("flowonix_11823", supplied, trimmed)


def test_a_catheter_of_unknown_bore_has_no_volume() -> None:
    with pytest.raises(Refused, match="bore"):
        CatheterPlan("codman_3000", (800,), (100,)).volume()


def test_an_unusual_implanted_length_is_pointed_out() -> None:
    assert CatheterPlan("generic", (1_000,), (800,)).warnings()[0].code == "length_unusual"
    assert CatheterPlan("generic", (1_000,), (200,)).warnings() == ()
