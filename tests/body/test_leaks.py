"""A leaking or broken catheter feeds its pocket, and several tips share one stream; nothing is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.body import Bolus, HourlySeries, Infusion, Leak, Person, Tip, leaking, several_tips, simulate
from thecal.body.leak import FromCatheter
from thecal.quantity import Refused

TIP, EPIDURAL = Tip("T10"), Tip("L2", "epidural")
ITEMS: list[FromCatheter] = [
    Infusion(0, 20, 0.1, "intrathecal", TIP),
    Bolus(0, 1, "intrathecal", TIP, 2.0),
    HourlySeries(0, [0.1, 0.2, 0.0], "intrathecal", TIP),
]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(ITEMS), st.floats(0, 1), st.sampled_from([None, EPIDURAL]))
def test_a_leak_splits_what_the_pump_gives_and_loses_nothing(
    item: FromCatheter, share: float, into: Tip | None
) -> None:
    parts = leaking(item, Leak(share, into))
    whole, split = (simulate(Person(), "morphine", inputs, [30.0]) for inputs in ([item], parts))
    assert split.given_mg == pytest.approx(whole.given_mg, rel=1e-9)
    assert np.abs(split.mass_error()).max() <= 1e-9
    assert split.csf("T10")[0] <= whole.csf("T10")[0] * (1 + 1e-9)


def test_a_broken_catheter_feeds_blood_and_not_the_cord() -> None:
    item = Infusion(0, 2000, 1 / 24, "intrathecal", TIP)
    whole, broken = (simulate(Person(), "morphine", i, [2000.0]) for i in ([item], leaking(item, Leak(1.0))))
    assert broken.plasma == pytest.approx(whole.plasma, rel=1e-3)
    assert broken.cord("T10")[0] < 0.01 * whole.cord("T10")[0]


def test_several_tips_superpose() -> None:
    item = Infusion(0, 50, 0.1, "intrathecal", TIP)
    both = several_tips(item, [(Tip("T4"), 0.25), (Tip("L1"), 0.75)])
    seen = simulate(Person(), "morphine", both, [50.0]).csf("T8")[0]
    alone = [
        simulate(Person(), "morphine", [Infusion(0, 50, 0.1 * part, "intrathecal", tip)], [50.0]).csf("T8")[0]
        for tip, part in ((Tip("T4"), 0.25), (Tip("L1"), 0.75))
    ]
    assert seen == pytest.approx(sum(alone), rel=1e-9)
    with pytest.raises(Refused, match="sum of the shares"):
        several_tips(item, [(TIP, 0.5)])


def test_a_leak_into_csf_or_of_more_than_all_is_refused() -> None:
    with pytest.raises(Refused, match="epidural"):
        Leak(0.5, TIP)
    with pytest.raises(Refused, match=r"leak\.share"):
        Leak(1.2)


def test_a_larger_bolus_spreads_further() -> None:
    small, large = (simulate(Person(), "morphine", [Bolus(0, 1, "intrathecal", TIP, v)], [0.001]) for v in (0.1, 10.0))
    assert large.csf("T10")[0] < 0.85 * small.csf("T10")[0]
    assert large.csf("T6")[0] > small.csf("T6")[0]
