"""Section 4: the volume inside a catheter from what was supplied, what was cut off, and its bore."""

from fractions import Fraction

from thecal.pump import Known
from thecal.pump import catheter as catheter_model
from thecal.quantity import LENGTH, VOLUME, VOLUME_PER_LENGTH, Refusal, show
from thecal.therapy.calc.calculation import calculation, optional, refuse
from thecal.therapy.calc.reading import many, or_unknown, quantity, words_of
from thecal.therapy.calc.result import Answer, Row, percent, row
from thecal.therapy.calc.shared_inputs import A_CONCENTRATION, A_VOLUME, warn
from thecal.therapy.calc.sources import PRO2

_LENGTH, _BORE = quantity(LENGTH), quantity(VOLUME_PER_LENGTH)
USUAL_MM = (400, 1300)
_PI = Fraction(314_159_265_358_979_323_846, 10**20)

_INPUTS = (
    optional(
        "supplied",
        many(_LENGTH),
        "length as supplied, one for each piece",
        aliases=("length", "supplied_length", "l_supplied"),
    ),
    optional(
        "trimmed",
        or_unknown(many(_LENGTH)),
        "length cut off, one sum for each piece, or 'unknown'",
        zero=True,
        aliases=("trim", "trims", "cut", "trimmed_length", "l_trimmed"),
    ),
    optional(
        "implanted",
        many(_LENGTH),
        "length left in the patient, one for each piece, instead of the two above",
        aliases=("left", "remaining", "implanted_length"),
    ),
    optional(
        "volume_per_length",
        many(_BORE),
        "bore, one for all or one for each piece",
        aliases=("per_length", "bore", "k", "volume_per_cm"),
    ),
    optional(
        "inner_diameter",
        _LENGTH,
        "inner diameter, where the bore is not printed: k = pi d^2 / 4",
        aliases=("diameter", "id", "inside_diameter", "lumen"),
    ),
    optional("model", words_of("model", "flowonix_11823", 40), "a catheter of the catalog, for length and bore"),
    optional(
        "further_trimmed",
        _LENGTH,
        "length lost at a later reconnection",
        "0 cm",
        zero=True,
        aliases=("reconnection", "revision"),
    ),
    optional("connector", A_VOLUME, "volume of the connector", "0 mL", zero=True),
    optional("concentration", A_CONCENTRATION, "to show the drug that the catheter holds", aliases=("c",)),
)


@calculation(
    "catheter-volume",
    4,
    "Volume of a catheter",
    "L_implanted = L_supplied - sum(trims); V = sum(L_implanted k) + V_connector",
    _INPUTS,
    {"supplied": "110 cm", "trimmed": "37.5 cm", "volume_per_length": "0.0026 mL/cm"},
    source=PRO2,
    aliases=("dead-volume", "catheter"),
)
def catheter_volume(  # noqa: PLR0913 - lengths and bore, each in the forms in which they are known
    supplied: tuple[Fraction, ...] | None,
    trimmed: tuple[Fraction, ...] | str | None,
    implanted: tuple[Fraction, ...] | None,
    volume_per_length: tuple[Fraction, ...] | None,
    inner_diameter: Fraction | None,
    model: str | None,
    further_trimmed: Fraction,
    connector: Fraction,
    concentration: Fraction | None,
) -> Answer:
    """The volume of a catheter of one or more pieces, also after a revision.

    A trim that nobody recorded makes the volume a range, from the shortest usual length to the full one; it is never
    taken for full length.
    """
    if inner_diameter is not None:
        volume_per_length = _bore(inner_diameter, volume_per_length, model)
    supplied, bores, warnings = _figures(supplied, volume_per_length, model, implanted)
    if inner_diameter is not None:
        what = "a bore from the inner diameter is nominal; the maker's volume per length counts"
        warnings.append(warn("nominal_bore", what, "Read it on the label.", confirmed=False))
    high_mm, low_mm = _lengths(supplied, trimmed, implanted)
    if further_trimmed >= sum(low_mm):
        raise refuse("trim_too_long", "more was cut off than was there", "further_trimmed", "Check the lengths.")
    bores = bores * len(high_mm) if len(bores) == 1 else bores
    if len(bores) != len(high_mm):
        raise refuse(
            "contradiction", "bores and pieces differ in number", "volume_per_length", "Give one, or one for each."
        )
    lost = further_trimmed * bores[-1]
    high = sum(length * k for length, k in zip(high_mm, bores, strict=True)) + connector - lost
    low = sum(length * k for length, k in zip(low_mm, bores, strict=True)) + connector - lost
    total = sum(high_mm) - further_trimmed
    rows: list[Row] = [] if low != high else [row("implanted_length", Fraction(total), LENGTH, "cm")]
    if supplied is not None:
        full = sum(length * k for length, k in zip(supplied, bores, strict=True)) + connector
        rows.append(row("full_length_volume", full, VOLUME, "mL", "not to be used as a guess"))
        rows.append(percent("full_length_error", full / high - 1))
    if concentration is not None:
        rows.append(
            Row(
                "drug_held",
                None if low != high else Fraction(high * concentration, 10**12),
                "mg",
                "",
                *(() if low == high else (low * concentration / 10**12, high * concentration / 10**12)),
            )
        )
    if low == high:
        if not USUAL_MM[0] <= total <= USUAL_MM[1]:
            what = f"an implanted length of {show(Fraction(total), LENGTH, 'cm', 4)} is unusual"
            warnings.append(warn("length_unusual", what, "Usual is 40 to 130 cm."))
        return Answer(row("volume", Fraction(high), VOLUME, "mL"), tuple(rows), tuple(warnings))
    what = "the trimmed length was not recorded: the volume is a range, and no prime or bridge rests on it by itself"
    warnings.append(warn("trim_unknown", what, "Record the trim, or measure the volume by aspiration."))
    scale = VOLUME.scale("mL")
    return Answer(Row("volume", None, "mL", "", low / scale, high / scale), tuple(rows), tuple(warnings))


def _bore(diameter: Fraction, bores: tuple[Fraction, ...] | None, model: str | None) -> tuple[Fraction, ...]:
    """nL/mm of a round lumen. Raises Refused when the bore is given in another way too."""
    if bores is not None or model is not None:
        raise refuse("contradiction", "the bore is given in two ways", "inner_diameter", "Give one of them.")
    return (_PI * diameter * diameter / 4 * 1000,)


def _figures(
    supplied: tuple[Fraction, ...] | None,
    bores: tuple[Fraction, ...] | None,
    model: str | None,
    implanted: tuple[Fraction, ...] | None,
) -> tuple[tuple[Fraction, ...] | None, tuple[Fraction, ...], list[Refusal]]:
    warnings: list[Refusal] = []
    if model is not None:
        pieces = catheter_model(model).pieces
        known = [piece.nl_per_mm.value for piece in pieces if isinstance(piece.nl_per_mm, Known)]
        if bores is None and pieces and len(known) == len(pieces):
            bores = tuple(Fraction(value) for value in known)
        lengths = [piece.supplied_mm.value for piece in pieces if isinstance(piece.supplied_mm, Known)]
        if supplied is None and implanted is None and pieces and len(lengths) == len(pieces):
            supplied = tuple(Fraction(value) for value in lengths)
        if any(not piece.nl_per_mm.confirmed or not piece.supplied_mm.confirmed for piece in pieces):
            what = f"figures of {model} in the catalog are not confirmed"
            warnings.append(warn("unconfirmed", what, "Read the maker's label.", confirmed=False))
    if bores is None:
        do = "Give volume_per_length, for example '0.0026 mL/cm', the inner_diameter, or a model that states it."
        raise refuse("bore_unknown", "the volume per length is not known", "volume_per_length", do)
    return supplied, bores, warnings


def _lengths(
    supplied: tuple[Fraction, ...] | None,
    trimmed: tuple[Fraction, ...] | str | None,
    implanted: tuple[Fraction, ...] | None,
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Longest and shortest lengths of the pieces."""
    if implanted is not None:
        if supplied is not None or trimmed is not None:
            do = "Give the implanted lengths, or the supplied and trimmed ones."
            raise refuse("contradiction", "lengths are given in two ways", "implanted", do)
        return implanted, implanted
    if supplied is None:
        raise refuse(
            "input", "it is missing", "supplied", "Give the supplied length of each piece, or the implanted one."
        )
    if trimmed is None:
        do = "Give what was cut off ('0 cm' for nothing), or 'unknown' for a range."
        raise refuse("input", "what was cut off is not said; it is never taken for nothing", "trimmed", do)
    if isinstance(trimmed, str):
        whole = sum(supplied)
        return supplied, tuple(length * min(Fraction(USUAL_MM[0]), whole) / whole for length in supplied)
    if len(trimmed) != len(supplied):
        raise refuse("contradiction", "trims and pieces differ in number", "trimmed", "Give one sum for each piece.")
    if any(cut >= length for cut, length in zip(trimmed, supplied, strict=True)):
        raise refuse("trim_too_long", "as much was cut off as was supplied, or more", "trimmed", "Check the lengths.")
    left = tuple(length - cut for cut, length in zip(trimmed, supplied, strict=True))
    return left, left
