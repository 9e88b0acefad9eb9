"""The emergency card: one page of facts and steps, computed from a chart or from facts that somebody typed."""

from thecal.therapy.emergency.card import Card, DrugFacts, Situation, Step, card
from thecal.therapy.emergency.facts import Facts, from_chart, from_texts
from thecal.therapy.emergency.steps import problems

__all__ = ["Card", "DrugFacts", "Facts", "Situation", "Step", "card", "from_chart", "from_texts", "problems"]
