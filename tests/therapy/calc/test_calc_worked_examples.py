"""Every worked example of the reference page of calculations, by its EX number, at the precision printed there."""

import pytest
from worked_examples import EXAMPLES, figure, same

from thecal.therapy.calc import CALCULATIONS, SECTIONS, find


@pytest.mark.parametrize(("name", "inputs", "printed"), [each[1:] for each in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_the_worked_example_is_computed_as_printed(name: str, inputs: dict[str, str], printed: dict[str, str]) -> None:
    result = find(name).run(inputs)
    for row, text in printed.items():
        found = figure(result, row)
        assert found == text if isinstance(found, str) else same(found, text), (row, found, text)


def test_every_section_has_a_calculation_and_every_section_but_the_queue_and_ranges_an_example_above() -> None:
    assert set(SECTIONS) == {each.section for each in CALCULATIONS.values()} == set(range(1, 32))
    shown = {find(name).section for _, name, _, _ in EXAMPLES}
    assert set(SECTIONS) - shown == {5, 30}
