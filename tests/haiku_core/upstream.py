"""dm-haiku, which the tests here compare with. What it warns of is not ours to mend."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import haiku as haiku
    import haiku.typing

__all__ = ("haiku",)
