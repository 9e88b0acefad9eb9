"""The ledger: replay gives the same bytes, a changed byte is found, and two writers never overwrite each other."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from therapy_way import Maker, whole_way

from thecal.quantity import Refused
from thecal.therapy import AnyEvent, Clash, Entry, Ledger, fold
from thecal.therapy import events as ev


@cache
def ledger() -> Ledger:
    made = Ledger()
    for event in with_corrections():
        made = made.append(event, made.version)
    return made


@cache
def with_corrections() -> tuple[AnyEvent, ...]:
    way = whole_way()
    maker = Maker(77)
    maker.now = way[-1].meta.recorded
    implant = next(event for event in way if isinstance(event, ev.ImplantRecorded))
    entry = next(event for event in way if isinstance(event, ev.PainRecorded))
    new = implant.model_copy(update={"tip_level": "T11", "meta": maker.meta("prescriber", implant.meta.at)})
    return (
        *way,
        maker.make(ev.Corrected, event=entry.meta.id, reason="Entered twice."),
        maker.make(ev.Corrected, "prescriber", event=implant.meta.id, reason="Film.", replacement=new),
        maker.pain(4),
    )


def test_a_chart_replayed_from_its_ledger_gives_the_same_bytes() -> None:
    again = Ledger.load(ledger().export())
    assert again.export() == ledger().export()
    assert again.chart.to_bytes() == ledger().chart.to_bytes()
    assert again.chart == ledger().chart


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_one_changed_byte_is_found(data: st.DataObject) -> None:
    export = bytearray(ledger().export())
    place = data.draw(st.integers(0, len(export) - 1))
    export[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refused):
        Ledger.load(bytes(export))


@given(st.data())
@settings(deadline=None)
def test_a_lost_moved_or_doubled_line_is_found(data: st.DataObject) -> None:
    lines = ledger().export().splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 2))
    kind = data.draw(st.sampled_from(["lost", "moved", "doubled", "cut"]))
    if kind == "lost":
        del lines[place]
    elif kind == "moved":
        lines[place], lines[place + 1] = lines[place + 1], lines[place]
    elif kind == "doubled":
        lines.insert(place, lines[place])
    else:
        lines[-1] = lines[-1][: -1 - place]
    with pytest.raises(Refused) as refused:
        Ledger.load(b"".join(lines))
    assert refused.value.refusals[0].code == "ledger_broken"


@given(st.integers(0, len(whole_way()) + 3))
def test_folding_split_anywhere_is_the_same(place: int) -> None:
    events = with_corrections()
    assert fold(events[place:], fold(events[:place])) == fold(events)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_ledger_or_a_named_refusal(data: bytes) -> None:
    try:
        assert Ledger.load(data).export() == data
    except Refused as refused:
        assert refused.refusals[0].code


def test_the_second_writer_is_told_what_changed_and_by_whom() -> None:
    maker = Maker(3)
    read = Ledger().append(maker.registered(), 0)
    first = read.append(maker.history("oral_nsaid"), read.version)
    with pytest.raises(Clash) as clash:
        first.append(maker.history("oral_opioid"), read.version)
    assert [entry.event.kind for entry in clash.value.meanwhile] == ["history_recorded"]
    assert "history_recorded by nurse one" in str(clash.value)
    assert first.append(maker.history("oral_opioid"), first.version).version == 3
    with pytest.raises(Clash):
        first.append(maker.history(), 99)


def test_diary_entries_clash_with_nobody() -> None:
    maker = Maker(3)
    read = Ledger().append(maker.registered(), 0)
    diary = read.append(maker.pain(5), None)
    written = diary.append(maker.history(), read.version)
    assert written.version == 3
    assert written.append(maker.pain(6), read.version).version == 4
    with pytest.raises(Refused) as refused:
        diary.append(maker.history(), None)
    assert refused.value.refusals[0].code == "no_version"


def test_a_refused_event_leaves_the_ledger_as_it_was() -> None:
    before = ledger().export()
    maker = Maker(4)
    with pytest.raises(Refused):
        ledger().append(maker.registered(), ledger().version)
    assert ledger().export() == before


def test_entries_are_kept_as_stored() -> None:
    entries = [Entry.stored(each.seq, each.previous, each.digest, each.body) for each in ledger().entries]
    assert Ledger.of(entries) == ledger()
    with pytest.raises(Refused):
        Entry.stored(1, "0" * 64, ledger().entries[0].digest, ledger().entries[1].body)
