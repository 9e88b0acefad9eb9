"""From bytes to a JSON tree, within bounds: at most 64 MiB of UTF-8, gzip allowed, at most 64 levels deep.

Numbers with a decimal point stay exact (``Decimal``), so a recorded 2.172441869321124 is never rounded. A key
written twice, NaN and Infinity are refused: nobody could say which value was meant.
"""

import json
import zlib
from collections import Counter
from decimal import Decimal
from typing import Any

from thecal.quantity import Refusal, Refused

BYTES_MAX = 64 * 1024 * 1024
DEPTH_MAX = 64
_GZIP = b"\x1f\x8b"


class _Twice(ValueError):
    """A key occurs twice in one object."""


def open_envelope(data: bytes) -> bytes:
    """The text of a bundle, unpacked when it is gzip. Raises Refused when it is too large or damaged."""
    if not data:
        raise _refused("empty", "the file is empty")
    if len(data) > BYTES_MAX:
        raise _refused("too_large", f"the file is larger than {BYTES_MAX // 2**20} MiB")
    if not data.startswith(_GZIP):
        return data
    unpacked = bytearray()
    while data:
        stream = zlib.decompressobj(wbits=31)
        try:
            unpacked += stream.decompress(data, BYTES_MAX + 1 - len(unpacked))
        except zlib.error as error:
            raise _refused("gzip_damaged", f"the gzip data cannot be unpacked ({error})") from None
        if len(unpacked) > BYTES_MAX:
            raise _refused("too_large", f"unpacked, the file is larger than {BYTES_MAX // 2**20} MiB")
        if not stream.eof:
            raise _refused("gzip_damaged", "the gzip data ends too early")
        data = stream.unused_data
    return bytes(unpacked)


def parse_json(text: bytes) -> Any:
    """The JSON tree of ``text``. Raises Refused when it is not UTF-8 JSON, repeats a key or is too deep."""
    try:
        tree = json.loads(
            text.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise _refused("not_utf8", f"the file is not UTF-8 text (byte {error.start})") from None
    except RecursionError:
        raise _too_deep() from None
    except _Twice as error:
        raise _refused("key_twice", str(error)) from None
    except (ValueError, ArithmeticError) as error:
        raise _refused("not_json", f"the file is not JSON: {error}") from None
    _check_depth(tree)
    return tree


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _Twice(f"the key {twice[:64]!r} is written twice in one object")
    return tree


def _check_depth(tree: Any) -> None:
    level: list[Any] = [tree]
    for _ in range(DEPTH_MAX):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> Refused:
    return _refused("too_deep", f"the file is nested more than {DEPTH_MAX} levels deep")


def _refused(code: str, what: str) -> Refused:
    return Refused(Refusal(f"import_{code}", what, "file", "Give a FHIR R4 Bundle as JSON (gzip allowed)."))
