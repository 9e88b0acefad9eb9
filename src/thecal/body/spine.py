"""The spine from C1 to S5: vertebral levels to draw and to place a tip, cord segments to place a dermatome.

Units: mm below the upper edge of C1 for an adult of reference height, mm2. Source: ``data/anatomy.toml``.
Level and dermatome share names but not places: the cord is shorter than the spine.
"""

from dataclasses import dataclass
from functools import cache

from thecal.body.checks import one_of
from thecal.body.reference import table


@dataclass(frozen=True, slots=True)
class Level:
    """One vertebral level of the reference adult. ``csf_area_mm2`` is 0 below the dural sac (S3 to S5)."""

    name: str
    z_top_mm: float
    length_mm: float
    csf_area_mm2: float
    cord_area_mm2: float
    dural_perimeter_mm: float
    epidural_area_mm2: float

    @property
    def z_mid_mm(self) -> float:
        """Middle of the level."""
        return self.z_top_mm + self.length_mm / 2

    @property
    def has_csf(self) -> bool:
        """Whether the level lies within the dural sac, so that drug concentrations are computed there."""
        return self.csf_area_mm2 > 0

    @property
    def has_cord(self) -> bool:
        """Whether the cord reaches this level (to L1 in the mean adult)."""
        return self.cord_area_mm2 > 0


@dataclass(frozen=True, slots=True)
class CordSegment:
    """One neuronal segment of the cord: middle in mm, and the vertebral level that it faces."""

    name: str
    z_mid_mm: float
    vertebral: str


@cache
def spine_levels() -> tuple[Level, ...]:
    """Levels C1 to S5 from above downwards, to draw the spine."""
    fields = Level.__dataclass_fields__
    return tuple(Level(**{name: row[name] for name in fields}) for row in table("anatomy")["level"])


@cache
def cord_segments() -> tuple[CordSegment, ...]:
    """Cord segments C1 to S5 from above downwards."""
    data = table("anatomy")["cord_segment"]
    return tuple(map(CordSegment, data["names"], data["mid_z_mm"], data["vertebral"]))


@cache
def level_names() -> tuple[str, ...]:
    """Names C1 to S5."""
    return tuple(level.name for level in spine_levels())


@cache
def levels_with_csf() -> tuple[str, ...]:
    """Names of the levels inside the dural sac, C1 to S2."""
    return tuple(level.name for level in spine_levels() if level.has_csf)


def level(name: str) -> Level:
    """The level called ``name``. Raises Refused for an unknown one."""
    one_of("level", name, level_names(), "body.unknown_level")
    return spine_levels()[level_names().index(name)]


def dermatome(name: str) -> CordSegment:
    """The cord segment that serves dermatome ``name``. Raises Refused for an unknown one."""
    segments = {segment.name: segment for segment in cord_segments()}
    return segments[one_of("dermatome", name, segments, "body.unknown_level")]


def dermatomes_facing(level_name: str) -> tuple[str, ...]:
    """The dermatomes whose cord segment faces this vertebral level; empty below the cord."""
    level(level_name)
    return tuple(segment.name for segment in cord_segments() if segment.vertebral == level_name)
