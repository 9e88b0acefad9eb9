"""Any sequence of steps leads to a chart that its replay gives again, or is refused by name."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from therapy_way import T0, Maker, whole_way

from thecal.quantity import MS_PER_DAY, MS_PER_HOUR, Refused
from thecal.therapy import STEPS, AnyEvent, append, evaluate, fold, options, worklist
from thecal.therapy import events as ev
from thecal.therapy.stages import CLOSED


class AnySequence(RuleBasedStateMachine):
    """Events of every kind by every role at any time: each is refused by name, or leads where the table says."""

    @initialize(length=st.integers(0, len(whole_way())))
    def begin(self, length: int) -> None:
        """Start anywhere on the whole way, so that late stages are met as often as early ones."""
        self.maker, self.written = Maker(5), whole_way()[:length]
        self.chart = fold(self.written)
        self.maker.now = max((event.meta.recorded for event in self.written), default=T0)

    def offer(self, event: AnyEvent) -> None:
        before = self.chart
        try:
            self.chart = append(before, event)
        except Refused as refused:
            assert all(refusal.code and refusal.what for refusal in refused.refusals)
            assert self.chart is before
            return
        self.written.append(event)
        assert event.meta.role in STEPS[event.kind].roles
        assert before.stage in STEPS[event.kind].stages
        assert self.chart.version == before.version + 1
        leads = STEPS[event.kind].leads_to
        if leads is not None:
            assert self.chart.stage == leads

    @rule(hours=st.integers(0, 40))
    def time_passes(self, hours: int) -> None:
        self.maker.now += hours * MS_PER_HOUR

    @rule(score=st.integers(0, 10), late=st.integers(-2, 100), role=st.sampled_from(ev.ROLES))
    def diary(self, score: int, late: int, role: ev.Role) -> None:
        self.offer(self.maker.pain(score, self.maker.now - late * MS_PER_HOUR, role))

    @rule(name=st.sampled_from(["registered", "review", "plan", "implanted", "refilled", "history"]))
    def simple(self, name: str) -> None:
        self.offer(getattr(self.maker, name)())

    @rule(choice=st.sampled_from(["implant", "oral", "none"]))
    def decide(self, choice: str) -> None:
        self.offer(self.maker.decided(choice))

    @rule(purpose=st.sampled_from(["trial", "therapy"]))
    def write(self, purpose: str) -> None:
        self.offer(self.maker.written("trial-pump" if purpose == "trial" else "implant-1", purpose))

    @rule(kind=st.sampled_from(["Sent", "Acknowledged", "Confirmed", "Disputed"]), role=st.sampled_from(ev.ROLES))
    def step_order(self, kind: str, role: ev.Role) -> None:
        if self.chart.orders:
            extra = {"Confirmed": {"evidence": "counters"}, "Disputed": {"reason": "no answer"}}.get(kind, {})
            order = self.chart.orders[-1]
            self.offer(self.maker.step(getattr(ev, f"Prescription{kind}"), order.digest, role, **extra))

    @rule()
    def start(self) -> None:
        digest = self.chart.orders[-1].digest if self.chart.orders else "0" * 64
        self.offer(self.maker.started(digest))

    @rule()
    def conclude(self) -> None:
        if self.chart.trials:
            self.offer(self.maker.concluded(self.chart))

    @rule(kind=st.sampled_from(["declined", "withdrawn", "explanted"]))
    def close(self, kind: str) -> None:
        if kind == "explanted":
            self.offer(self.maker.make(ev.Explanted, "prescriber", reason="Over."))
        elif kind == "declined":
            self.offer(self.maker.make(ev.Declined, by="both", reason="Over."))
        else:
            self.offer(self.maker.make(ev.Withdrawn, by="patient", reason="Over."))

    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        if self.written:
            target = data.draw(st.sampled_from(self.written))
            self.offer(self.maker.make(ev.Corrected, "prescriber", event=target.meta.id, reason="Wrong."))

    @invariant()
    def stages_stand_on_their_steps(self) -> None:
        if not hasattr(self, "chart"):
            return
        chart = self.chart
        if chart.stage == "implanted" or chart.stage == "in_therapy":
            assert chart.decision is not None and chart.decision.choice == "implant" and chart.pump_in_place
        if chart.stage == "decision":
            assert chart.trial is not None and chart.trial.concluded is not None
        if chart.stage == "in_therapy":
            assert chart.implant is not None and chart.running(chart.implant.pump) is not None
        if chart.stage in CLOSED and chart.stage != "explanted":
            assert chart.closed is not None or chart.decision is not None

    @invariant()
    def every_chart_can_be_read(self) -> None:
        if not hasattr(self, "chart"):
            return
        for days in (0, 60):
            assert all(task.reason for task in worklist([self.chart], self.maker.now + days * MS_PER_DAY))
        assert evaluate(self.chart).items and options(self.chart)

    def teardown(self) -> None:
        if hasattr(self, "chart"):
            assert fold(self.written).to_bytes() == self.chart.to_bytes()


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
