"""What all tests share: properties have no time limit, and on a build machine their examples are the same each run."""

import os

from hypothesis import HealthCheck, settings

# The browser's driver keeps an event loop in its thread; Django's tests in the same process do not run inside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

settings.register_profile(
    "thecal",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("thecal")
