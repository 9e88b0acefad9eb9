"""The page of all parameters, written from the data, so that what is read is what is computed with.

Each line: value with unit, plausible range or spread between people, where it comes from, confirmed or not.
"""

from thecal.body.reference import TABLES, Entry, entries, table

TITLES = {
    "anatomy": "Anatomy and CSF",
    "diary": "Diary, placebo and recall",
    "people": "How people differ",
    "stimulation": "Spinal cord stimulation",
}


def parameter_page() -> str:
    """The text of ``docs/body/parameters.md``."""
    lines = [
        "# Parameters of the body model",
        "",
        "Written by `thecal body parameters`; do not edit. `confirmed: no` means recalled, assumed, derived,",
        "borrowed from another drug or estimated here: a prior or an estimate, not a fact. CV is the spread between",
        "people. The levels of the spine (length, CSF area, cord area, dural perimeter, epidural area), each with its",
        "source and four confirmed flags, are in `src/thecal/body/data/anatomy.toml`.",
    ]
    for name in TABLES:
        lines += ["", f"## {TITLES.get(name, name.capitalize())}", ""]
        lines += ["| parameter | value | range | source | confirmed |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(item) for item in entries(name).values()]
        refused = table(name).get("refused", {})
        if refused:
            lines += ["", "Refused, because no source supports it:", ""]
            lines += [f"* {output}: {reason}" for output, reason in refused.items()]
        lines += ["", "Sources:", ""]
        lines += [f"* `{key}`: {cite}" for key, cite in table(name)["sources"].items()]
    return "\n".join(lines) + "\n"


def _row(item: Entry) -> str:
    spread = "" if item.lo is None or item.hi is None else f"{item.lo:g} to {item.hi:g}"
    if item.cv is not None:
        spread += f"{', ' if spread else ''}CV {item.cv:g}"
    origin = item.source if item.confirmed else item.doubt()
    if item.log_sd is not None:
        spread += f"{', ' if spread else ''}estimated within a factor {2.718281828**item.log_sd:.2g}"
    known = "yes" if item.confirmed else "no"
    return f"| `{item.key}` | {item.value:g} {item.unit} | {spread} | {origin} | {known} |"
