"""One patient's therapy run as a whole, from a scenario file: pump, catheter, body and people, in simulated time."""

from thecal.course.report import to_html
from thecal.course.run import Outcome, RefillSeen, run
from thecal.course.scenario import Scenario, read_scenario
from thecal.course.summary import summarise
from thecal.course.table import hourly, to_csv

__all__ = ["Outcome", "RefillSeen", "Scenario", "hourly", "read_scenario", "run", "summarise", "to_csv", "to_html"]
