"""Identity made at the source: UUIDv7 (RFC 9562), whose first 48 bits are the ms of the Unix epoch.

The time and the random bytes are passed in; an id orders events for people and is never read as a time.
"""

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked

_MS_MAX = 2**48


@checked
def uuid7(now_ms: int, random_bytes: bytes) -> str:
    """The UUIDv7 of ``now_ms`` and 10 random bytes, as lower-case text of 36 characters.

    Raises Refused when the time does not fit 48 bits or there are not exactly 10 bytes.
    """
    if not 0 <= now_ms < _MS_MAX:
        do = f"Accepted: a whole number of ms from 0 to {_MS_MAX - 1}."
        raise Refused(Refusal("input", f"{str(now_ms)[:40]!r} is no time of a UUIDv7.", "uuid7.now_ms", do))
    if len(random_bytes) != 10:
        what = f"A UUIDv7 takes 10 random bytes, not {str(random_bytes)[:40]!r}."
        raise Refused(Refusal("input", what, "uuid7.random_bytes", "Accepted: 10 bytes."))
    random = int.from_bytes(random_bytes)
    high, low = random >> 68, random & (2**62 - 1)  # 12 bits after the version, 62 after the variant
    value = now_ms << 80 | 7 << 76 | high << 64 | 2 << 62 | low
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
