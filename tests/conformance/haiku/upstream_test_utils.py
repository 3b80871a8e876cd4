"""The helpers that upstream's tests import as ``haiku._src.test_utils``."""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import os
import types

from tests.conformance.haiku.implementation import Implementation, NotImplementedYet


def make_test_utils(impl: Implementation) -> types.ModuleType:
    """The helpers that upstream's tests import as haiku._src.test_utils."""
    import jax
    from absl.testing import parameterized

    def find_internal_python_modules(root):
        del root
        return [
            (name.replace("hk", "haiku", 1), module)
            for name, module, _ in impl.public_modules()
        ]

    def find_subclasses(root, base_class):
        del root
        seen = []
        for _, module, symbols in impl.public_modules():
            for symbol in sorted(symbols):
                value = getattr(module, symbol, None)
                if (
                    inspect.isclass(value)
                    and issubclass(value, base_class)
                    and value not in seen
                ):
                    seen.append(value)
        return iter(seen)

    def combined_named_parameters(*groups):
        cases = []
        for combination in itertools.product(*map(tuple, groups)):
            name = "_".join(case[0] for case in combination)
            values = itertools.chain.from_iterable(c[1:] for c in combination)
            cases.append((name, *values))
        return parameterized.named_parameters(*cases)

    def with_environ(key, value):
        def assign(new):
            os.environ.pop(key, None)
            if new is not None:
                os.environ[key] = new

        def decorator(f):
            @functools.wraps(f)
            def wrapper(*args, **kwargs):
                old = os.environ.get(key)
                assign(value)
                try:
                    return f(*args, **kwargs)
                finally:
                    assign(old)

            return wrapper

        return decorator

    def with_guardrails(f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            with impl.hk.config.context(check_jax_usage=True):
                return f(*args, **kwargs)

        return wrapper

    def lacks_transform_and_run(f=None, **options):
        if f is None:
            return lacks_transform_and_run

        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            raise NotImplementedYet("testing.transform_and_run")

        return wrapper

    testing = getattr(impl.hk, "testing", None)
    module = types.ModuleType("haiku._src.test_utils")
    module.__dict__.update(
        transform_and_run=getattr(
            testing, "transform_and_run", lacks_transform_and_run
        ),
        find_internal_python_modules=find_internal_python_modules,
        find_subclasses=find_subclasses,
        combined_named_parameters=combined_named_parameters,
        named_bools=lambda name: ((name, True), ("not_" + name, False)),
        named_range=lambda name, stop: tuple((f"{name}_{i}", i) for i in range(stop)),
        with_environ=with_environ,
        with_guardrails=with_guardrails,
        clone=getattr(jax.random, "clone", lambda key: key),
        transform=importlib.import_module("haiku._src.transform"),
    )
    return module
