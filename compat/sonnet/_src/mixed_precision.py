"""Computing in half precision."""

from __future__ import annotations

from compat.dictionary import manual

_INSTEAD = "hk.mixed_precision.set_policy or push_policy with a jmp.Policy"
for _name in ("enable", "disable", "scope", "modes"):
    manual(
        f"snt.mixed_precision.{_name}",
        because="Sonnet casts what the decorated methods take, globally by mode; "
        "Haiku has a policy for each class of modules",
        instead=_INSTEAD,
    )
