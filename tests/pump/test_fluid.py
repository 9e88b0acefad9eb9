"""Promises of the fluid: mass is conserved exactly, drug arrives when the dead volume has passed, refills blend."""

from hypothesis import given
from hypothesis import strategies as st

from thecal.formulary import Solution
from thecal.pump.fluid import Fluid

ML, MG = 10**6, 10**12
OLD = Solution.parse("morphine 10 mg/mL")
NEW = Solution.parse("morphine 25 mg/mL")
MIX = Solution.parse("morphine 20 mg/mL + bupivacaine 7.5 mg/mL + clonidine 60 mcg/mL")


def balance(fluid: Fluid, moved: int) -> None:
    """Everything that came in is somewhere, to the last fg."""
    reservoir, tip = fluid.reservoir(moved), fluid.tip(moved)
    path = fluid.path(moved)
    assert sum(volume for volume, _, _ in path) == fluid.path_nl
    for drug in fluid.drugs():
        in_path = sum(masses[drug] for _, masses, _ in path)
        withdrawn, unexplained = dict(fluid.withdrawn).get(drug, 0), dict(fluid.unexplained).get(drug, 0)
        assert reservoir[drug] + in_path + tip[drug] + withdrawn == dict(fluid.filled)[drug] + unexplained
        assert min(reservoir[drug], in_path, tip[drug], withdrawn) >= 0


@given(
    st.integers(0, 500_000),
    st.sampled_from([None, OLD, MIX]),
    st.integers(0, 2 * ML),
    st.lists(
        st.tuples(
            st.integers(0, 4 * ML), st.integers(-ML, ML), st.sampled_from([OLD, NEW, MIX]), st.integers(0, 20 * ML)
        ),
        max_size=6,
    ),
)
def test_mass_and_volume_are_conserved_exactly(
    path_nl: int, content: Solution | None, residual: int, refills: list[tuple[int, int, Solution, int]]
) -> None:
    fluid = Fluid.begin(path_nl, content, OLD, 4 * ML, residual)
    moved = 0
    for run, error, fill, fill_nl in refills:
        usable = fluid.reservoir_nl(moved) - residual
        for part in (run // 3, run // 2, run):
            balance(fluid, moved + min(part, usable))
        moved += min(run, usable)
        expected = fluid.reservoir_nl(moved) - residual
        done = fluid.refill(moved, max(expected + error, 0), fill, fill_nl)
        fluid = done.fluid
        assert done.expected_nl == expected
        assert fluid.reservoir_nl(moved) == residual + fill_nl == done.total_nl
        balance(fluid, moved)
        assert Fluid.from_plain(fluid.plain()) == fluid


def test_drug_is_at_the_tip_only_when_the_dead_volume_has_passed() -> None:
    fluid = Fluid.begin(388_500, None, MIX, 20 * ML, 0)
    assert set(fluid.tip(388_500).values()) == {0}
    assert fluid.tip(388_501) == MIX.masses(1)
    assert fluid.pumped(388_500) == MIX.masses(388_500)
    known = [known for _, _, known in fluid.path(100_000)]
    assert known == [True, False]
    assert [slug[0] for slug in fluid.path(100_000)] == [100_000, 288_500]


def test_a_filled_path_gives_its_own_content_first() -> None:
    fluid = Fluid.begin(400_000, OLD, NEW, 20 * ML, 0)
    assert fluid.tip(400_000) == {"morphine": 4 * MG}
    assert fluid.tip(400_004) == {"morphine": 4 * MG + 4 * 25_000_000}
    assert fluid.pumped(1) == {"morphine": 25_000_000}


def test_a_refill_blends_with_the_residual() -> None:
    fluid = Fluid.begin(0, None, OLD, 18_600_000, 1_400_000)
    done = fluid.refill(18_600_000, 0, NEW, 18_600_000)
    assert (done.expected_nl, done.discrepancy_nl, done.total_nl) == (0, 0, 20 * ML)
    assert done.contents == {"morphine": 479 * MG}  # 23.95 mg/mL in 20 mL
    assert done.fluid.reservoir(18_600_000) == {"morphine": 479 * MG}


def test_a_concentration_change_reaches_the_tip_one_path_volume_after_the_refill() -> None:
    fluid = Fluid.begin(388_500, OLD, OLD, 20 * ML, 0)
    moved = 5 * ML
    fluid = fluid.refill(moved, 15 * ML, NEW, 20 * ML).fluid
    before = fluid.tip(moved)["morphine"]
    assert fluid.tip(moved + 388_500)["morphine"] - before == 388_500 * 10_000_000
    assert fluid.tip(moved + 388_510)["morphine"] - fluid.tip(moved + 388_500)["morphine"] == 10 * 25_000_000


def test_a_wrong_volume_in_the_syringe_is_booked_and_not_lost() -> None:
    fluid = Fluid.begin(0, None, OLD, 20 * ML, 0)
    done = fluid.refill(12_368_100, 5_200_000, OLD, 20 * ML)
    assert (done.expected_nl, done.discrepancy_nl) == (7_631_900, -2_431_900)
    assert dict(done.fluid.withdrawn) == {"morphine": 52 * MG}
    assert dict(done.fluid.unexplained) == {"morphine": -2_431_900 * 10_000_000}
    balance(done.fluid, 12_368_100)


@given(st.integers(1, 4 * ML), st.integers(1, 2 * ML))
def test_nothing_drifts_however_small_the_steps(run: int, residual: int) -> None:
    fluid = Fluid.begin(1_000, None, OLD, 4 * ML, residual).refill(3 * ML, ML, NEW, 4 * ML).fluid
    left = fluid.reservoir(3 * ML + run)["morphine"]
    total = dict(fluid.batches[-1].masses)["morphine"]
    exact = total * (4 * ML + residual - run)
    assert 0 <= left * (4 * ML + residual) - exact < 4 * ML + residual  # within 1 fg of the well mixed share
