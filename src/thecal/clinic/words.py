"""The names that pages give to what the rules call by code."""

WARNINGS = {
    "placebo_open": "Every open trial is prone to placebo response",
    "surprising_response": "A surprising response",
    "dropout": "Missing entries are not missing by chance",
}

METHODS = {
    "single_shot": "Single shot",
    "repeated_single_shot": "Repeated single shots",
    "continuous_it": "Continuous intrathecal infusion, external pump",
    "continuous_epidural": "Continuous epidural infusion, external pump",
    "external_long": "Long intrathecal trial at home, external pump",
}
