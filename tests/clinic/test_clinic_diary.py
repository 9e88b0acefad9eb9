"""The diary: behind a secret link or an account, as often as one likes, and never a word of the rest of the chart."""

import re
from uuid import UUID

import pytest
from django.utils.html import escape

from clinic.way import Desk, Way, entries, errors, kinds
from thecal.clinic import clock
from thecal.clinic.models import DiaryLink
from thecal.quantity import MS_PER_DAY, MS_PER_HOUR


def _link(desk: Desk, chart: UUID, days: int = 30) -> str:
    page = desk.send("diary-links", chart, {"days": str(days)}).content.decode()
    found = re.search(r"/d/[\w-]{43}/", page)
    assert found is not None
    return found[0]


def test_a_link_works_without_an_account_several_times_a_day(nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    path = _link(nurse, way.chart)
    for score in (0, 7, 10):
        answer = outside.post(path, {"score": str(score), "note": f"after {score} steps"})
        assert answer.status_code == 302
        assert answer["Location"] == path
    assert [event.score for event in way.folded.pain()] == [0, 7, 10]
    assert {event.meta.role for event in way.folded.pain()} == {"patient"}
    page = outside.get(path).content.decode()
    assert "after 7 steps" in page
    assert "Saved: 10" in page


def test_an_earlier_time_is_kept(nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    then = clock.now() - 26 * MS_PER_HOUR
    when = clock.moment(then).strftime("%Y-%m-%dT%H:%M")
    assert outside.post(_link(nurse, way.chart), {"score": "6", "when": when}).status_code == 302
    (entry,) = way.folded.pain()
    assert entry.meta.at == then - then % 60_000
    assert entry.meta.recorded > entry.meta.at


@pytest.mark.parametrize("score", ["11", "-1", "5.5", "5,5", "much", "", "٣", "1e1", " "])
def test_a_value_off_the_scale_is_refused_at_the_field(score: str, nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    path = _link(nurse, way.chart)
    answer = outside.post(path, {"score": score, "note": "my note stays"})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"score"}
    assert "0 to 10" in errors(answer)["score"][0]
    assert b"my note stays" in answer.content
    assert kinds(way.chart) == ["patient_registered"]


@pytest.mark.parametrize("hours", [1, 24, 24 * 365])
def test_a_time_to_come_is_refused_at_the_field(hours: int, nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    when = clock.moment(clock.now() + hours * MS_PER_HOUR).strftime("%Y-%m-%dT%H:%M")
    answer = outside.post(_link(nurse, way.chart), {"score": "5", "when": when})
    assert answer.status_code == 422
    assert "future" in " ".join(errors(answer)["when"])
    assert kinds(way.chart) == ["patient_registered"]


def test_a_wrong_ended_or_revoked_link_is_the_same_plain_404(nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    now = clock.now()
    _, over = DiaryLink.make(way.chart, "Noor Visser", now - 2 * MS_PER_DAY, now - MS_PER_DAY)
    revoked = _link(nurse, way.chart)
    assert outside.get(revoked).status_code == 200
    link = DiaryLink.objects.get(chart=way.chart, revoked_ms=None, expires_ms__gt=now)
    assert nurse.post(f"/patients/{way.chart}/diary/{link.pk}/revoke/").status_code == 302
    pages = set()
    for path in (f"/d/{over}/", revoked, "/d/" + "A" * 43 + "/", "/d/x/"):
        for answer in (outside.get(path), outside.post(path, {"score": "5"})):
            assert answer.status_code == 404
            pages.add(re.sub(r"<time.*?</time>", "", answer.content.decode()))
    assert len(pages) == 1
    assert way.name not in pages.pop()
    assert kinds(way.chart) == ["patient_registered"]


def test_a_link_is_revoked_on_its_own_chart_alone(nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    other = Way().registered()
    path = _link(nurse, way.chart)
    link = DiaryLink.objects.get(chart=way.chart)
    assert nurse.post(f"/patients/{other.chart}/diary/{link.pk}/revoke/").status_code == 404
    assert outside.get(path).status_code == 200


def test_the_diary_shows_nothing_else_of_the_chart(nurse: Desk, outside: Desk, prescriber: Desk) -> None:
    way = Way("Quentin Xylander").planned()
    way.diary(2, 1.5, 9)
    path = _link(nurse, way.chart)
    for desk in (outside, prescriber):
        page = desk.get(path).content.decode()
        for secret in ("Xylander", "1960-05-04", "morphine", "T10", "Noor Visser", str(way.chart), "patients/"):
            assert escape(secret) not in page
        assert "No entry yet today" in page  # those of other days are not shown


def test_a_link_of_one_chart_writes_on_no_other(nurse: Desk, outside: Desk, way: Way) -> None:
    way.registered()
    other = Way().registered()
    before = entries()
    assert outside.post(_link(nurse, way.chart), {"score": "5", "chart": str(other.chart)}).status_code == 302
    assert kinds(other.chart) == ["patient_registered"]
    assert entries() == before + 1


def test_every_link_is_another(nurse: Desk, way: Way) -> None:
    way.registered()
    assert len({_link(nurse, way.chart) for _ in range(5)}) == 5
    assert all(len(link.token_digest) == 64 for link in DiaryLink.objects.filter(chart=way.chart))
