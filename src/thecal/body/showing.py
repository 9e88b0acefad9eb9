"""How the pages of the body write a number: three figures, never a power of ten."""


def shown(value: float) -> str:
    """``value`` with three figures, thousands apart: 1,840, 0.563, 27.8."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"
