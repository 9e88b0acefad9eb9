"""The figures of a report, as SVG text that takes its colours from the page (light or dark).

Time is in days from the start; concentrations in ng/mL; doses in mg/day; pain on the NRS. Bands are shaded.
"""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt

from thecal.body import Band, levels_with_csf
from thecal.course.run import Outcome
from thecal.course.table import ROUTES, hourly, mean_dose, prescribed
from thecal.quantity import MS_PER_DAY
from thecal.therapy.events import DecisionRecorded, ImplantRecorded, RefillRecorded, TrialConcluded, TrialStarted

Array = npt.NDArray[np.float64]

_NAMES = ("ink", "soft", "line", "dose", "csf", "cord", "blood", "pain", "event")
# Stand-ins for the page's variables of those names, put in their place after drawing.
_COLOURS = {name: f"#0102{index:02x}" for index, name in enumerate(_NAMES, start=3)}
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "thecal",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": _COLOURS["line"],
    "axes.labelcolor": _COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "text.color": _COLOURS["ink"],
    "xtick.color": _COLOURS["soft"],
    "ytick.color": _COLOURS["soft"],
    "grid.color": _COLOURS["line"],
    "axes.grid": True,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


def time_figure(outcome: Outcome) -> str:
    """Dose by route, drug at the tip, drug in plasma, and pain, on one time axis, with the events of the course."""
    given = hourly(outcome)
    routes = [route for route in ROUTES if given[f"{route}_mg"].any()]

    def draw(figure: Any) -> None:
        axes = figure.subplots(len(routes) + 3, 1, sharex=True, squeeze=False)[:, 0]
        days = outcome.prediction.times_h / 24
        for axis, route in zip(axes, routes, strict=False):
            _dose(axis, outcome, days, route)
        _tip(axes[-3], outcome, days)
        _draw_band(axes[-2], days, outcome.prediction.plasma, "blood", "predicted")
        _title(axes[-2], "Drug in plasma", "ng/mL")
        _pain(axes[-1], outcome, days, given["diary_nrs"])
        axes[-1].set_xlabel("days from the start")
        for axis in axes:
            for day, _name in event_days(outcome):
                axis.axvline(day, color=_COLOURS["event"], lw=0.8, ls=(0, (4, 3)))
            axis.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.2)

    return _svg(9.0, 2.3 * (len(routes) + 3), draw)


def spine_figure(outcome: Outcome) -> str:
    """CSF and cord along the spine at the end of the course, rostral at the top, with the tips."""
    profile = outcome.prediction.profile
    places = np.arange(len(profile.levels), dtype=np.float64)

    def draw(figure: Any) -> None:
        axis = figure.subplots()
        for name, band, colour in (("CSF", profile.csf, "csf"), ("cord", profile.cord, "cord")):
            axis.fill_betweenx(places, band.low[-1], band.high[-1], color=_COLOURS[colour], alpha=0.18, lw=0)
            axis.plot(band.mid[-1], places, color=_COLOURS[colour], lw=1.6, label=name)
        axis.set_yticks(places, profile.levels)
        axis.invert_yaxis()
        axis.set_xlim(left=0)
        axis.set_xlabel("ng/mL")
        tips: dict[str, list[str]] = {}
        for pump, _status in outcome.pumps:
            tips.setdefault(pump.tip.level, []).append(pump.id)
        for level, pumps in tips.items():
            place = levels_with_csf().index(level)
            axis.axhline(place, color=_COLOURS["event"], lw=0.9, ls=(0, (4, 3)))
            text = f"tip of {', '.join(pumps)}"
            axis.annotate(text, (1, place), xycoords=("axes fraction", "data"), ha="right", va="bottom")
        axis.legend(loc="lower right")

    return _svg(4.8, 6.0, draw)


def event_days(outcome: Outcome) -> list[tuple[float, str]]:
    """The events that a reader looks for, as (days from the start, name)."""
    names = {
        TrialStarted: "trial starts",
        TrialConcluded: "trial ends",
        DecisionRecorded: "decision",
        ImplantRecorded: "implant",
        RefillRecorded: "refill",
    }
    start = outcome.scenario.start_ms
    marked = [event for event in outcome.events if type(event) in names]
    return [((event.meta.at - start) / MS_PER_DAY, names[type(event)]) for event in marked]


def _dose(axis: Any, outcome: Outcome, days: Array, route: str) -> None:
    label = "taken, mean of 24 h" if route == "oral" else "leaving the tip, mean of 6 h"
    dose = mean_dose(outcome, route, 24 if route == "oral" else 6)
    colour = _COLOURS["blood" if route == "oral" else "dose"]
    axis.step(days, dose, where="pre", color=colour, lw=1.3, label=label)
    if route != "oral":
        ordered = prescribed(outcome, route)
        axis.step(days, ordered, where="post", color=_COLOURS["ink"], lw=1.0, ls=(0, (2, 2)), label="prescribed")
    axis.set_ylim(bottom=0)
    _title(axis, f"{route.capitalize()} dose", "mg/day")


def _tip(axis: Any, outcome: Outcome, days: Array) -> None:
    _draw_band(axis, days, outcome.prediction.csf_tip, "csf", "CSF, predicted")
    _draw_band(axis, days, outcome.prediction.cord_tip, "cord", "cord, predicted")
    axis.set_yscale("symlog", linthresh=1)
    _title(axis, "Drug at the level of the tip (logarithmic)", "ng/mL")


def _pain(axis: Any, outcome: Outcome, days: Array, diary: Array) -> None:
    _draw_band(axis, days, outcome.prediction.pain, "pain", "predicted")
    seen = ~np.isnan(diary)
    if seen.any():
        axis.plot(days[seen], diary[seen], ".", ms=3, color=_COLOURS["ink"], alpha=0.6, label="diary entries")
    axis.set_ylim(-0.3, 10.3)
    _title(axis, "Pain", "NRS 0 to 10")


def _title(axis: Any, title: str, unit: str) -> None:
    axis.set_title(title, loc="left")
    axis.set_ylabel(unit)


def _draw_band(axis: Any, days: Array, band: Band, colour: str, label: str) -> None:
    keep = slice(None, None, max(1, days.size // 2000))  # more points cannot be seen and make the file heavy
    axis.fill_between(days[keep], band.low[keep], band.high[keep], color=_COLOURS[colour], alpha=0.18, lw=0)
    axis.plot(days[keep], band.mid[keep], color=_COLOURS[colour], lw=1.3, label=label)


def _svg(width: float, height: float, draw: Callable[[Any], None]) -> str:
    import matplotlib
    from matplotlib.figure import Figure  # heavy, and only a report needs it

    out = StringIO()
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    for name, colour in _COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    return re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
