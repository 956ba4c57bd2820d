"""The suite; it runs under pytest and under trial, which know this file both.

`make test` runs the default profile of the property tests; the long one is for a night.
"""

import os

from hypothesis import settings

settings.register_profile("default", max_examples=200, deadline=None)
settings.register_profile("nightly", max_examples=100_000, deadline=None)
settings.load_profile(os.environ.get("HESD_HYPOTHESIS", "default"))
