"""The names that pages give to what the rules call by code."""

METHODS = {
    "single_shot": "Single shot",
    "repeated_single_shot": "Repeated single shots",
    "continuous_it": "Continuous intrathecal infusion, external pump",
    "continuous_epidural": "Continuous epidural infusion, external pump",
    "external_long": "Long intrathecal trial at home, external pump",
}
