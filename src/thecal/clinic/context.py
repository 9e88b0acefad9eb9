"""What every page shows: the clock, its speed, and who is signed in."""

from typing import Any

from django.http import HttpRequest

from thecal import __version__
from thecal.clinic import clock
from thecal.clinic.access import CARERS, PRESCRIBERS, role_of


def clinic(request: HttpRequest) -> dict[str, Any]:
    """Template values for the frame around each page."""
    role = role_of(getattr(request, "user", None))
    speed = clock.speed()
    return {
        "now": clock.now(),
        "clock_speed": f"{speed:g}",
        "clock_is_demo": speed != 1,
        "role": role,
        "may_write": role in CARERS,
        "may_prescribe": role in PRESCRIBERS,
        "version": __version__,
    }
