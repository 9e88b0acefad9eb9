"""The emergency card: one page of facts and steps, computed from a chart or from facts that somebody typed."""

from thecal.therapy.emergency.card import Card, DrugFacts, Situation, Step, card
from thecal.therapy.emergency.facts import Facts, from_chart
from thecal.therapy.emergency.steps import problems
from thecal.therapy.emergency.typed import from_texts

__all__ = ["Card", "DrugFacts", "Facts", "Situation", "Step", "card", "from_chart", "from_texts", "problems"]
