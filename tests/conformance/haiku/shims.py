"""Private names of upstream's that tests use, written again in public terms."""

from __future__ import annotations

import functools
import re
import types

from tests.conformance.haiku.implementation import (
    Implementation,
    NeedsPrivate,
    PrivateName,
)


class OpenContext:
    """``base.new_context``: a ``with`` block that runs inside a transform.

    The public API only runs *functions* inside a transform.  A greenlet turns one
    into a ``with`` block: it starts ``init`` (or ``apply``, when params are
    given), and once the transformed function is entered control comes back to
    the block; leaving the block lets the transformed function return.
    """

    def __init__(self, impl, params=None, state=None, rng=None):
        self._impl = impl
        if rng is not None:
            impl.hk.PRNGSequence(rng)  # The implementation validates the key.
        self._inputs = None if params is None else (params, state or {})
        self._initial_state = state
        self._rng = rng
        self._seen = None
        self._inside = None

    def __enter__(self):
        import contextvars

        import greenlet

        hk = self._impl.hk
        block = greenlet.getcurrent()

        def body():
            try:
                block.switch()
            finally:
                self._seen = self._collect()

        def run():
            f = hk.transform_with_state(body)
            if self._inputs is None:
                f.init(self._rng)
            else:
                f.apply(*self._inputs, self._rng)

        contextvars.ContextVar("force").set(None)  # Makes sure there is a context
        self._inside = greenlet.greenlet(run)  # and shares it, for
        self._inside.gr_context = block.gr_context  # implementations that use it.
        self._inside.switch()
        return self

    def __exit__(self, kind, value, traceback):
        inside, self._inside = self._inside, None
        if kind is None:
            inside.switch()
            # Entered once more, the block goes on from where it stopped.
            params, _, state = self._seen
            self._inputs = (params, state)
        else:
            try:
                inside.throw(value)
            except kind:
                pass
        return False

    def _collect(self):
        hk = self._impl.hk
        return (hk.get_params(), hk.get_initial_state(), hk.get_current_state())

    def _now(self, index):
        return (self._collect() if self._inside is not None else self._seen)[index]

    def collect_params(self):
        return self._now(0)

    def collect_initial_state(self):
        return self._now(1)

    def collect_state(self):
        return self._now(2)


class FrameStack:
    """``base.frame_stack``, as far as "is it empty?" goes."""

    def __init__(self, impl):
        self._impl = impl

    def __len__(self):
        try:
            self._impl.hk.get_params()
        except ValueError:
            return 0
        return 1


class ConfigView:
    """``config.get_config()``: reads and writes options by their public setters."""

    OPTIONS = {
        "check_jax_usage": False,
        "module_auto_repr": True,
        "rng_reserve_size": 1,
    }

    def __init__(self, impl):
        self.__dict__["_impl"] = impl

    def __getattr__(self, name):
        if name not in self.OPTIONS:
            raise NeedsPrivate(f"config.Config.{name}")
        setter = getattr(self._impl.hk.experimental, name)
        old = setter(self.OPTIONS[name])
        setter(old)
        return old

    def __setattr__(self, name, value):
        self._impl.hk.config.set(**{name: value})

    def snapshot(self):
        return {name: getattr(self, name) for name in self.OPTIONS}


class ConfigThreadLocals:
    """``config.tls``: only its attribute ``config`` can be assigned."""

    def __init__(self, impl):
        self.__dict__["_impl"] = impl

    def __setattr__(self, name, value):
        if name != "config" or not isinstance(value, dict):
            raise NeedsPrivate("config.tls")
        self._impl.hk.config.set(**value)


class ImmutableMeta(type):
    """``data_structures.FlatMap``: the type that to_immutable_dict returns."""

    impl: Implementation

    def _real(cls):
        return type(cls.impl.hk.data_structures.to_immutable_dict({}))

    def __call__(cls, *args, **kwargs):
        if args and isinstance(args[0], PrivateName):
            raise NeedsPrivate("data_structures.FlatComponents")
        to_immutable = cls.impl.hk.data_structures.to_immutable_dict
        if args and type(args[0]) is cls._real() and not kwargs:
            return to_immutable(args[0])
        return to_immutable(dict(*args, **kwargs))

    def __eq__(cls, other):
        return other is cls or other is cls._real()

    def __hash__(cls):
        return hash(cls._real())

    def __instancecheck__(cls, instance):
        return isinstance(instance, cls._real())


class RowPrinter:
    """``summarise.tabulate_lib``: lets a test see a table's raw rows.

    Upstream's test replaces the table printer to get at the rows.  Publicly, the
    same rows are had by asking ``hk.experimental.tabulate`` for HTML.
    """

    tabulate = None

    def rows(self, impl, f, *, columns=None, filters=None, **options):
        if self.tabulate is None:
            return impl.hk.experimental.tabulate(
                f, columns=columns, filters=filters, **options
            )

        def wrapper(*args, **kwargs):
            text = impl.hk.experimental.tabulate(
                f,
                columns=columns,
                filters=filters,
                tabulate_kwargs={"tablefmt": "unsafehtml", "disable_numparse": True},
            )(*args, **kwargs)
            if "<td" not in text:
                return text
            return self.tabulate(
                [
                    [
                        cell.strip()
                        for cell in re.findall("(?s)<td[^>]*>(.*?)</td>", row)
                    ]
                    for row in re.findall("(?s)<tr>(.*?)</tr>", text)
                    if "<td" in row
                ]
            )

        return wrapper


class Shims:
    """Private names of haiku._src.<module>, written in public terms."""

    def __init__(self, impl: Implementation):
        self.impl = impl
        self.immutable = ImmutableMeta("FlatMap", (), {})
        ImmutableMeta.impl = impl
        self.row_printer = RowPrinter()
        self.used = set()  # Which shims the running case has used.

    def get(self, module: str, symbol: str):
        method = getattr(self, f"{module.replace('.', '_')}__{symbol}", None)
        if method is None:
            raise KeyError(symbol)
        self.used.add(f"{module}.{symbol}")
        return method()

    # The error classes are not public; that they are ValueErrors is.
    def base__MissingRNGError(self):
        return ValueError

    def base__NonEmptyStateError(self):
        return ValueError

    def base__JaxUsageError(self):
        return ValueError

    def base__new_context(self):
        return functools.partial(OpenContext, self.impl)

    def base__frame_stack(self):
        return FrameStack(self.impl)

    def base__params_frozen(self):
        return lambda: not self.impl.hk.running_init()

    def basic__hk(self):
        return self.impl.hk

    def config__get_config(self):
        return lambda: ConfigView(self.impl)

    def config__assign(self):
        return self.impl.hk.config.context

    def config__with_config(self):
        def with_config(**options):
            def decorator(f):
                @functools.wraps(f)
                def wrapper(*args, **kwargs):
                    with self.impl.hk.config.context(**options):
                        return f(*args, **kwargs)

                return wrapper

            return decorator

        return with_config

    def config__Config(self):
        class Config:
            default = staticmethod(lambda: dict(ConfigView.OPTIONS))

        return Config

    def config__main_thread_config(self):
        return ConfigView(self.impl).snapshot()

    def config__tls(self):
        return ConfigThreadLocals(self.impl)

    def data_structures__FlatMap(self):
        return self.immutable

    def data_structures__to_dict(self):
        return self.impl.hk.data_structures.to_haiku_dict

    def mixed_precision__reset_thread_local_state_for_test(self):
        return lambda: None

    def no_flax__FlaxNotInstalled(self):
        return AbsentPackage

    def summarise__tabulate_lib(self):
        return self.row_printer

    def summarise__tabulate(self):
        return functools.partial(self.row_printer.rows, self.impl)

    def utils__simple_dtype(self):  # Only formats what checkpoint_test reads.
        def simple_dtype(dtype):
            name = dtype.name if hasattr(dtype, "name") else str(dtype)
            for long, short in (
                ("bfloat", "bf"),
                ("float", "f"),
                ("uint", "u"),
                ("int", "s"),
                ("complex", "c"),
            ):
                name = re.sub(f"^{long}(?=[0-9])", short, name)
            return name

        return simple_dtype


class AbsentPackage(types.ModuleType):
    """Stands in sys.modules for a package that is not installed."""

    def __getattr__(self, name):
        if name == "__file__":
            return None
        raise ImportError(f"{self.__name__} is not installed ({name})")
