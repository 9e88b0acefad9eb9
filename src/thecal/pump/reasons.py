"""Why the controller refused, in words for people. Codes are the kernel's."""

from thecal.pump.kernel import Reject
from thecal.quantity import FLOW, MASS, VOLUME, Kind, Refusal, auto


def refusal_of(reject: Reject) -> Refusal:
    """The controller's reason, with the value and the limit where one was crossed."""
    what, where, kind = _REASONS.get(reject.code, (f"the controller refused it ({reject.code})", "program", None))
    do = ""
    if kind is not None:
        what = f"{what}: {auto(reject.value, kind)} against {auto(reject.limit, kind)}"
        do = f"Stay within {auto(reject.limit, kind)}."
    return Refusal(reject.code, what, where, do, source="the pump's controller")


_REASONS: dict[str, tuple[str, str, Kind | None]] = {
    "clock_backwards": ("the time given is before what the pump has already done", "now", None),
    "outcome_awaited": ("a pulse is under way", "now", None),
    "flow_above_maximum": ("a part of the program is above the pump's highest flow", "program", FLOW),
    "flow_below_minimum": ("the program is below the pump's lowest flow", "program", FLOW),
    "cap": ("the program gives more in a sliding window than its cap", "caps", MASS),
    "segments": ("the segments of the program overlap, or do not fit in its period", "program", None),
    "caps": ("a cap or its window is out of range", "caps", None),
    "program_size": ("the program has too many parts", "program", None),
    "program_range": ("a figure of the program is out of range", "program", None),
    "rate_out_of_range": ("a fallback or temporary rate is outside what the pump can give", "program", FLOW),
    "bolus_below_pulse": ("a bolus is smaller than one pulse", "bolus", MASS),
    "safety": ("a reaction to an alarm is out of range", "safety", None),
    "demand": ("a figure of the patient's bolus is out of range", "patient_bolus", None),
    "once": ("a figure of what is given once is out of range", "once", None),
    "repeated": ("this order runs already, and what it gives once is not given twice", "once", None),
    "window_full": ("with the base filled in, a sliding window would hold more than its cap", "caps", MASS),
    "path_not_empty": ("the path is not marked empty, or the priming volume is above it", "once", VOLUME),
    "locked": ("an alarm or a safe state refuses boluses", "bolus", None),
    "reservoir": ("the reservoir does not hold so much", "reservoir", VOLUME),
    "not_running": ("the pump is not running", "bolus", None),
    "no_patient_bolus": ("the order has no bolus for the patient", "bolus", None),
    "something_runs": ("a bolus, a bridge or a temporary change is running", "bolus", None),
    "lockout": ("the lockout is not over", "bolus", None),
    "count": ("as many boluses as the order allows were given", "bolus", None),
}
