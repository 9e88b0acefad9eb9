"""What a criterion is said to be read from is what its check reads, found in the code of the check itself."""

from types import CodeType, FunctionType
from typing import Any

import pytest

from thecal.quantity import Refused
from thecal.therapy import criteria
from thecal.therapy.candidacy import CHECKS, antithrombotics, facts_of, groups, part_of
from thecal.therapy.candidacy.reads import PARTS, READS
from thecal.therapy.events import facts

ROOM = "thecal.therapy.candidacy"


def names(check: FunctionType) -> set[str]:
    """Every name that a check, and the helpers of its room that it calls, speak of."""
    found, todo, seen = set[str](), [check], set[Any]()
    while todo:
        function = todo.pop()
        if function in seen:
            continue
        seen.add(function)
        codes = [function.__code__]
        while codes:
            code = codes.pop()
            found |= set(code.co_names)
            codes += [each for each in code.co_consts if isinstance(each, CodeType)]
            known = [function.__globals__.get(name) for name in code.co_names]
            todo += [each for each in known if isinstance(each, FunctionType) and each.__module__.startswith(ROOM)]
    return found


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_the_declared_facts_are_those_that_the_check_reads(check: str) -> None:
    function: Any = CHECKS[check]
    read = {fact for fact in facts.TOPICS.values() if fact.__name__ in names(function)}
    assert set(READS.get(check, ())) == read
    assert ("history" in names(function)) == (PARTS.get(check) == "history")
    own = {field for fact in read for field in fact.model_fields}
    assert ("decision" in names(function) - own) == (PARTS.get(check) == "decision")


def test_every_criterion_but_that_of_age_says_where_its_evidence_is_entered() -> None:
    assert [each for each in criteria() if not facts_of(each) and part_of(each) is None] == ["age_prognosis"]
    assert set(READS) | set(PARTS) <= set(CHECKS)
    assert facts_of("infection") == ("infection_check",)
    assert part_of("fail_physiotherapy") == "history"


def test_every_kind_of_fact_stands_in_exactly_one_group() -> None:
    assert sorted(topic for topics in groups().values() for topic in topics) == sorted(facts.TOPICS)
    assert groups()["opioid"][0] == "systemic_opioids"
    assert len(facts.TOPICS) == 37


def test_an_unknown_criterion_is_refused_and_stop_times_name_their_agents() -> None:
    for ask in (facts_of, part_of):
        with pytest.raises(Refused, match="no criterion"):
            ask("astrology")
    assert "warfarin" in antithrombotics()
