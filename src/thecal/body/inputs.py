"""What enters the body: infusions, boluses, oral doses, and a pump's ledger of hours.

Units: mg, mg/h, mL, h on one axis whose zero the caller chooses. Values are checked when they are made.
Drug amounts are as labelled (usually the salt), the way published doses are.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from thecal.body.checks import number, one_of, refuse
from thecal.body.person import Tip

CatheterRoute = Literal["intrathecal", "epidural", "intravenous", "pocket"]
Release = Literal["immediate", "controlled"]
CATHETER_ROUTES: tuple[CatheterRoute, ...] = ("intrathecal", "epidural", "intravenous", "pocket")
WITHOUT_TIP = ("intravenous", "pocket")
RELEASES: tuple[Release, ...] = ("immediate", "controlled")


@dataclass(frozen=True, slots=True)
class Infusion:
    """A constant rate from ``start_h`` to ``end_h``. ``tip`` is needed unless the route is intravenous or pocket.

    ``pocket`` is tissue under the skin into which a broken catheter or a missed refill leaks.
    """

    start_h: float
    end_h: float
    rate_mg_h: float
    route: CatheterRoute
    tip: Tip | None = None

    def __post_init__(self) -> None:
        check_route(self.route, self.tip)
        number("start_h", self.start_h, "h", -np.inf)
        number("rate_mg_h", self.rate_mg_h, "mg/h")
        if number("end_h", self.end_h, "h", -np.inf) <= self.start_h:
            raise refuse("end_h", self.end_h, f"Give a time after start_h, {self.start_h:g} h.")


@dataclass(frozen=True, slots=True)
class Bolus:
    """``mg`` in ``volume_ml``, at once or evenly over ``over_h``; spreads along the canal with its volume."""

    at_h: float
    mg: float
    route: CatheterRoute
    tip: Tip | None = None
    volume_ml: float = 1.0
    over_h: float = 0.0

    def __post_init__(self) -> None:
        check_route(self.route, self.tip)
        number("at_h", self.at_h, "h", -np.inf)
        number("mg", self.mg, "mg")
        number("volume_ml", self.volume_ml, "mL", 0.0, 100.0)
        number("over_h", self.over_h, "h")


@dataclass(frozen=True, slots=True)
class Oral:
    """One oral dose at ``at_h``; ``release`` is immediate or controlled."""

    at_h: float
    mg: float
    release: Release = "immediate"

    def __post_init__(self) -> None:
        number("at_h", self.at_h, "h", -np.inf)
        number("mg", self.mg, "mg")
        one_of("release", self.release, RELEASES)


@dataclass(frozen=True, slots=True, eq=False)
class HourlySeries:
    """A pump's ledger: ``mg_per_hour[k]`` holds from ``start_h + k`` to ``start_h + k + 1``. Shape (hours,)."""

    start_h: float
    mg_per_hour: npt.ArrayLike
    route: CatheterRoute
    tip: Tip | None = None
    rates: npt.NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_route(self.route, self.tip)
        number("start_h", self.start_h, "h", -np.inf)
        rates = np.array(self.mg_per_hour, dtype=np.float64)
        if rates.ndim != 1 or rates.size == 0:
            raise refuse(
                "mg_per_hour", rates.shape, "Give one rate for each hour, at least one.", what="is not a series"
            )
        bad = np.flatnonzero(~np.isfinite(rates) | (rates < 0))
        if bad.size:
            where = int(bad[0])
            raise refuse(f"mg_per_hour[{where}]", float(rates[where]), "Give a finite number of mg/h, 0 or more.")
        rates.setflags(write=False)
        object.__setattr__(self, "rates", rates)


Input = Infusion | Bolus | Oral | HourlySeries


def check_route(route: str, tip: Tip | None) -> None:
    """Refused when the route is unknown or does not fit the tip."""
    one_of("route", route, CATHETER_ROUTES)
    if route in WITHOUT_TIP:
        if tip is not None:
            raise refuse("tip", tip, f"Leave the tip out for the {route} route.")
    elif tip is None:
        raise refuse("tip", tip, f"Say where the {route} catheter ends, for example Tip('T10', '{route}').")
    elif tip.compartment != route:
        raise refuse("tip", tip, f"Give a tip in the {route} space, as the route says.")
