"""The spine C1 to S5 as SVG, with the catheter tip and the predicted concentration in CSF and cord by level.

Lengths in mm along the canal, concentrations in ng/mL with a band. Classes, not colours, are written, so the
one stylesheet serves light and dark.
"""

from collections.abc import Callable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from thecal.body import Band, Prediction, spine_levels

_TOP, _SCALE = 34.0, 0.78  # px of the head, px per mm
_BONE_X, _BONE_W = 40.0, 30.0
_PANEL_W, _PANEL_GAP = 104.0, 14.0
_CSF_X = _BONE_X + _BONE_W + 22
_CORD_X = _CSF_X + _PANEL_W + _PANEL_GAP
_WIDTH = _CORD_X + _PANEL_W + 8
_ENTRY = "L2"  # where catheters usually enter the canal; the drawing's choice, not a fact of the patient


def draw(tip: str | None, prediction: Prediction | None, title: str) -> SafeString:
    """The picture. ``tip`` is a vertebral level; ``prediction``'s last profile is drawn, if there is one."""
    levels = spine_levels()
    height = _TOP + levels[-1].z_top_mm * _SCALE + levels[-1].length_mm * _SCALE + 26
    parts = [_bones()]
    if prediction is not None:
        parts += [
            _panel(_CSF_X, "csf", "CSF", prediction.profile.levels, prediction.profile.csf),
            _panel(_CORD_X, "cord", "Cord", prediction.profile.levels, prediction.profile.cord),
        ]
    if tip is not None:
        parts.append(_catheter(tip))
    return format_html(
        '<svg class="spine" viewBox="0 0 {} {}" role="img" aria-label="{}" focusable="false">{}</svg>',
        f"{_WIDTH:.0f}",
        f"{height:.0f}",
        title,
        mark_safe("".join(parts)),  # noqa: S308 - every part was built with format_html
    )


def rows(prediction: Prediction) -> list[dict[str, object]]:
    """The last profile as a table: level, then low, mid, high of CSF and cord in ng/mL (None below the cord)."""
    profile = prediction.profile
    cord_levels = {level.name for level in spine_levels() if level.has_cord}
    return [
        {
            "level": name,
            "csf": [float(part[-1, i]) for part in (profile.csf.low, profile.csf.mid, profile.csf.high)],
            "cord": [float(part[-1, i]) for part in (profile.cord.low, profile.cord.mid, profile.cord.high)]
            if name in cord_levels
            else None,
        }
        for i, name in enumerate(profile.levels)
    ]


def _y(z_mm: float) -> float:
    return _TOP + z_mm * _SCALE


def _bones() -> SafeString:
    return format_html_join(
        "",
        '<rect class="bone" x="{}" y="{}" width="{}" height="{}" rx="4"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (
                _BONE_X,
                f"{_y(level.z_top_mm) + 0.8:.1f}",
                _BONE_W,
                f"{level.length_mm * _SCALE - 1.6:.1f}",
                _BONE_X - 6,
                f"{_y(level.z_mid_mm) + 3.5:.1f}",
                level.name,
            )
            for level in spine_levels()
        ),
    )


def _catheter(tip: str) -> SafeString:
    places = {level.name: level for level in spine_levels()}
    tip_y, entry_y = _y(places[tip].z_mid_mm), _y(places[_ENTRY].z_mid_mm)
    x = _BONE_X + _BONE_W / 2
    bend = entry_y + (24 if entry_y >= tip_y else -24)
    return format_html(
        '<path class="catheter" d="M{} {} Q{} {} {} {} L{} {}"/><circle class="tip" cx="{}" cy="{}" r="5"/>'
        '<text class="tip-label" x="{}" y="{}" text-anchor="start">tip {}</text>',
        *(x - 13, bend, x, bend, x, f"{entry_y:.1f}", x, f"{tip_y:.1f}", x, f"{tip_y:.1f}"),
        *(x + 9, f"{tip_y - 6:.1f}", tip),
    )


def _panel(left: float, kind: str, name: str, levels: Sequence[str], band: Band) -> SafeString:
    heights = {level.name: level for level in spine_levels()}
    ys = [_y(heights[level].z_mid_mm) for level in levels]
    top = float(band.high[-1].max())
    full = top if top > 0 else 1.0

    def across(values: Callable[[int], float]) -> list[str]:
        return [f"{left + values(i) / full * _PANEL_W:.1f},{y:.1f}" for i, y in enumerate(ys)]

    band_points = across(lambda i: float(band.high[-1, i])) + across(lambda i: float(band.low[-1, i]))[::-1]
    mid_points = [f"{left:.1f},{ys[0]:.1f}", *across(lambda i: float(band.mid[-1, i])), f"{left:.1f},{ys[-1]:.1f}"]
    return format_html(
        '<text x="{}" y="12">{}</text><text class="axis" x="{}" y="24">0 to {}</text>'
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<polygon class="{}-band" points="{}"/><polygon class="{}" points="{}" opacity="0.75"/>',
        *(left, name, left, amount(top)),
        *(left, left, ys[0], f"{ys[-1]:.1f}"),
        *(kind, " ".join(band_points), kind, " ".join(mid_points)),
    )


def amount(ng_ml: float) -> str:
    """A predicted concentration for people, to three digits: in mcg/mL from 1,000 ng/mL up, else in ng/mL."""
    value, unit = (ng_ml / 1000, "mcg/mL") if ng_ml >= 1000 else (ng_ml, "ng/mL")
    if value == 0:
        return f"0 {unit}"
    return f"{value:.3g} {unit}" if 0.001 <= value < 1e6 else f"{value:.1e} {unit}"
