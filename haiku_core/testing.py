"""Help for tests of code that uses modules."""

from haiku_core._src.testing import transform_and_run as transform_and_run

__all__ = ("transform_and_run",)
