"""What stands for `sonnet.src.test_utils` and `tf.test.TestCase`: written on numpy."""

from __future__ import annotations

import functools
import inspect
import itertools
import random
import tempfile
import types

TF = []  # the tensorflow under test, set by the wiring


def to_numpy(x):
    import numpy as np

    if hasattr(x, "numpy") and callable(x.numpy):
        x = x.numpy()
    x = np.asarray(x)
    if x.dtype.name == "bfloat16":
        x = x.astype(np.float32)
    return x


def make_test_case():
    import numpy as np
    from absl.testing import absltest

    def is_nest(x):
        return isinstance(x, (list, tuple, dict)) or hasattr(x, "_asdict")

    class TestCase(absltest.TestCase):
        """numpy-based counterpart of tf.test.TestCase plus Sonnet's additions."""

        ENTER_PRIMARY_DEVICE = True

        def setUp(self):
            super().setUp()
            np.random.seed(87654321)
            random.seed(87654321)
            tf = TF[0] if TF else None
            try:
                tf.random.set_seed(87654321)
            except Exception:  # pylint: disable=broad-except
                pass

        primary_device = property(lambda self: "CPU")
        device_types = property(lambda self: frozenset(["CPU"]))

        def get_atol(self):
            return 1e-4

        def get_temp_dir(self):
            if not hasattr(self, "_harness_tmp"):
                self._harness_tmp = tempfile.mkdtemp(
                    dir=absltest.get_default_test_tmpdir()
                )
            return self._harness_tmp

        def evaluate(self, x):
            if isinstance(x, dict):
                return type(x)((k, self.evaluate(v)) for k, v in x.items())
            if hasattr(x, "_fields"):
                return type(x)(*map(self.evaluate, x))
            if isinstance(x, (list, tuple)):
                return type(x)(map(self.evaluate, x))
            if hasattr(x, "numpy"):
                return x.numpy()
            return x

        def _pairs(self, a, b, path=""):
            if isinstance(a, dict) or isinstance(b, dict):
                self.assertEqual(set(a), set(b), path)
                for k in a:
                    yield from self._pairs(a[k], b[k], f"{path}[{k!r}]")
            elif is_nest(a) or is_nest(b):
                try:
                    na, nb = to_numpy(a), to_numpy(b)
                    ok = na.dtype != object and nb.dtype != object
                except Exception:  # ragged
                    ok = False
                if ok:
                    yield na, nb, path
                    return
                self.assertEqual(len(a), len(b), path)
                for i, (x, y) in enumerate(zip(a, b, strict=False)):
                    yield from self._pairs(x, y, f"{path}[{i}]")
            else:
                yield to_numpy(a), to_numpy(b), path

        def assertAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
            for x, y, path in self._pairs(a, b):
                self.assertEqual(
                    x.shape, y.shape, "shape {} {}".format(path, msg or "")
                )
                low = ("float16",)
                if x.dtype.name in low or y.dtype.name in low:
                    rtol, atol = max(rtol, 1e-3), max(atol, 1e-3)
                np.testing.assert_allclose(
                    x, y, rtol=rtol, atol=atol, err_msg="{} {}".format(path, msg or "")
                )

        def assertNotAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
            try:
                self.assertAllClose(a, b, rtol=rtol, atol=atol)
            except AssertionError:
                return
            self.fail(msg or "values are close")

        def assertAllEqual(self, a, b, msg=None):
            for x, y, path in self._pairs(a, b):
                self.assertEqual(
                    x.shape, y.shape, "shape {} {}".format(path, msg or "")
                )
                np.testing.assert_array_equal(x, y, err_msg=msg or "")

        def assertShapeEqual(self, a, b, msg=None):
            self.assertEqual(tuple(a.shape), tuple(b.shape), msg)

        def assertNear(self, f1, f2, err, msg=None):
            self.assertLessEqual(
                abs(float(to_numpy(f1)) - float(to_numpy(f2))), err, msg
            )

        def assertDTypeEqual(self, a, dtype):
            self.assertEqual(to_numpy(a).dtype.name, getattr(dtype, "name", dtype))

    return TestCase


def make_test_utils(tf):
    from absl.testing import parameterized

    mod = types.ModuleType("sonnet.src.test_utils")
    mod.TestCase = make_test_case()

    def find_sonnet_python_modules(root):
        prefix = root.__name__
        seen, todo, out = set(), [root], []
        while todo:
            m = todo.pop()
            if id(m) in seen:
                continue
            seen.add(id(m))
            out.append(("sonnet" + m.__name__[len(prefix) :], m))
            for n in dir(m):
                o = getattr(m, n)
                if inspect.ismodule(o) and o.__name__.startswith(prefix + "."):
                    if not o.__name__.startswith(("sonnet.src", prefix + ".src")):
                        todo.append(o)
        return sorted(out, key=lambda x: x[0])

    def find_all_sonnet_modules(root, base):
        return [
            v
            for _, m in find_sonnet_python_modules(root)
            for _, v in inspect.getmembers(m, inspect.isclass)
            if issubclass(v, base)
        ]

    def join(a, b):
        return ("_".join((a[0], b[0])),) + tuple(a[1:]) + tuple(b[1:])

    def combined_named_parameters(*sets):
        return parameterized.named_parameters(
            *(functools.reduce(join, r) for r in itertools.product(*sets))
        )

    mod.find_sonnet_python_modules = find_sonnet_python_modules
    mod.find_all_sonnet_modules = find_all_sonnet_modules
    mod.combined_named_parameters = combined_named_parameters
    mod.named_bools = lambda n: ((n, True), ("not_" + n, False))
    return mod
