"""Building ahead of the first call, tables of variables, custom getters."""

from __future__ import annotations

from compat.dictionary import manual, structural

structural("snt.build", rule="build")
manual(
    "snt.custom_variable_getter",
    because="Sonnet's getter sees each variable when an attribute is read; Haiku's "
    "stands between get_parameter and its caller",
    instead="with hk.custom_getter(lambda next, value, context: …) around the call",
)
for _name in ("format_variables", "log_variables"):
    manual(
        f"snt.{_name}",
        because="parameters are a tree of arrays, not objects with a name and a device",
        instead="print(hk.experimental.tabulate(f)(*args)), or walk the tree with "
        "hk.data_structures.traverse",
    )
manual(
    "snt.src.*",
    because="it is private to Sonnet",
    instead="the public name, where there is one",
)
manual(
    "snt.AbstractModule",
    because="it is Sonnet 1's base class: this is code for Sonnet 1 and TensorFlow 1",
    instead="move it to Sonnet 2 first, or write an hk.Module",
)
manual(
    "snt.__version__",
    because="there is no Sonnet any more",
    instead="take the check away",
)
