"""Events of the site formulary: a limit is signed, or taken back. Times ms UTC; limits in inner units."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from thecal.quantity import Refusal, Refused
from thecal.therapy.door import checked
from thecal.therapy.events.common import Code, EventId, Line, Time, Value, Words


class _Signed(Value):
    id: EventId
    at: Time
    pharmacist: Line
    second: Line
    drug: Code
    route: Literal["intrathecal", "epidural", "pump", "oral", "intravenous", "any"]
    key: Code
    population: Code
    reason: Words


class SiteLimitSigned(_Signed):
    """The site's own limit, signed by a pharmacist and a second person who saw the sources named in ``seen``."""

    kind: Literal["site_limit_signed"] = "site_limit_signed"
    most: Annotated[int, Field(ge=1, le=2**62)]
    seen: Annotated[tuple[Words, ...], Field(min_length=1, max_length=50)]


class SiteLimitWithdrawn(_Signed):
    """The signature is taken back: the strictest published value holds again."""

    kind: Literal["site_limit_withdrawn"] = "site_limit_withdrawn"


SiteEvent = SiteLimitSigned | SiteLimitWithdrawn
_ADAPTER: TypeAdapter[SiteEvent] = TypeAdapter(Annotated[SiteEvent, Field(discriminator="kind")])


@checked
def read_site_event(text: str | bytes) -> SiteEvent:
    """An event from its JSON. Raises Refused naming each field that is wrong."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise Refused(
            *(
                Refusal("event_field", each["msg"], ".".join(map(str, each["loc"])), "Correct this field.")
                for each in error.errors(include_url=False)
            )
        ) from None
