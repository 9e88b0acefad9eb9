"""The one check of numbers that enter a sum: exact, in range, or refused by name. Never a float, never a clamp."""

from fractions import Fraction

from thecal.quantity import Refusal, Refused

MOST = 2**62


def whole(where: str, value: object, least: int = 0) -> int:
    """``value`` as an int of at least ``least``. Raises Refused for anything else, floats and bools included."""
    if type(value) is not int or not least <= value <= MOST:
        raise Refused(_refusal(where, value, f"Give a whole number of the inner unit from {least} to {MOST}."))
    return value


def exact(where: str, value: object, *, positive: bool = False) -> Fraction:
    """``value`` (int or Fraction) as a Fraction, zero or more, or above zero. Raises Refused for anything else."""
    if type(value) is int or isinstance(value, Fraction):
        number = Fraction(value)
        if 0 <= number <= MOST and (number or not positive):
            return number
    do = f"Give an exact number {'above' if positive else 'of at least'} 0."
    raise Refused(_refusal(where, value, do))


def _refusal(where: str, value: object, do: str) -> Refusal:
    return Refusal("not_a_number_for_this", f"{str(value)[:40]!r} is not a {where}.", where, do)
