"""Are the packages found under their common names the ones that come with this one?"""

from __future__ import annotations

import importlib.util
import os

PARTS = ("compat", "migrate", "haiku_core", "rlax_core")
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def check(*names: str) -> None:
    """Raises an `ImportError` that names the other package found first, if any."""
    for name in names:
        spec = importlib.util.find_spec(name)
        places = (
            []
            if spec is None
            else [spec.origin, *(spec.submodule_search_locations or ())]
        )
        found = next((place for place in places if place), None)
        if found is None:
            raise ImportError(f"sonnet2haiku is not installed as a whole: no {name!r}")
        inside = os.path.realpath(found).startswith(os.path.realpath(_HERE) + os.sep)
        if not inside:
            raise ImportError(
                f"sonnet2haiku needs its own package {name!r}, but another of that "
                f"name is found first: {found}. Call the command from another folder, "
                "or install sonnet2haiku into an environment without it"
            )
