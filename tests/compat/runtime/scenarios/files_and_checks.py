"""`tf.io.gfile`, `tf.debugging`, `tf.errors`."""

import tempfile

from tests.compat.runtime.scenarios.registry import scenario

NAMED = (
    "NotFoundError",
    "AlreadyExistsError",
    "FailedPreconditionError",
    "PermissionDeniedError",
    "InvalidArgumentError",
    "TypeError",
    "ValueError",
)


def outcome(function):
    """What a call returns, or the class of its error, by the names that are known."""
    try:
        return function()
    except Exception as error:
        classes = [c.__name__ for c in type(error).__mro__]
        return next(n for n in NAMED if n in classes)


@scenario
def files(tf):
    gfile = tf.io.gfile
    with tempfile.TemporaryDirectory() as top:
        folder = f"{top}/a/b"
        made = [outcome(lambda: gfile.makedirs(folder)) for _ in range(2)]
        text, other = f"{folder}/x.txt", f"{folder}/y.txt"
        with gfile.GFile(text, "w") as file:
            file.write("hello\nworld\n")
        with gfile.GFile(text, "a") as file:
            file.write("more")
        with gfile.GFile(text, "rb") as file:
            parts = [file.read(3), file.tell(), file.seek(0), file.readline()]
            parts += [file.size(), list(file)]
        with gfile.GFile(text) as file:
            lines = file.readlines()
        gfile.copy(text, other)
        found = [
            lines, gfile.exists(text), gfile.exists("no"),
            gfile.isdir(folder), gfile.stat(text).length,
            gfile.stat(folder).is_directory, sorted(gfile.listdir(folder)),
            [p.removeprefix(top) for p in sorted(gfile.glob(f"{top}/*/*/*.txt"))],
            [
                (at.removeprefix(top), sorted(folders), sorted(names))
                for at, folders, names in gfile.walk(top)
            ],
            gfile.join("a", "b"), gfile.join("a", "/b"),
        ]  # fmt: skip
        errors = [
            outcome(call)
            for call in (
                lambda: gfile.GFile(f"{top}/none").read(),
                lambda: gfile.GFile(f"{top}/new", "w").read(),
                lambda: gfile.GFile(f"{top}/new", "q").read(),
                lambda: gfile.listdir(f"{top}/none"),
                lambda: gfile.remove(f"{top}/none"),
                lambda: gfile.remove(folder),
                lambda: gfile.mkdir(f"{top}/q/r"),
                lambda: gfile.mkdir(folder),
                lambda: gfile.copy(text, other),
                lambda: gfile.copy(text, other, overwrite=True),
                lambda: gfile.copy(f"{top}/none", f"{top}/k"),
                lambda: gfile.rename(text, other),
                lambda: gfile.rename(f"{top}/none", f"{top}/k"),
                lambda: gfile.rmtree(f"{top}/none"),
                lambda: tf.io.read_file(f"{top}/none"),
            )
        ]
        tf.io.write_file(f"{top}/new/folder/file", "data")
        data = tf.io.read_file(f"{top}/new/folder/file")
        gfile.rmtree(f"{top}/a")
        return made, parts, found, errors, data, gfile.exists(f"{top}/a")


@scenario
def checks(tf):
    of = tf.debugging
    a, b, wide = tf.constant([1.0, 2.0]), tf.constant([1.0, 3.0]), tf.ones([3])
    return [
        outcome(call)
        for call in (
            lambda: of.assert_equal(a, a), lambda: of.assert_equal(a, b),
            lambda: of.assert_equal(a, wide),
            lambda: of.assert_equal(a, tf.constant([1, 2])),
            lambda: of.assert_less(a, b), lambda: of.assert_less_equal(a, b),
            lambda: of.assert_greater(b, a), lambda: of.assert_none_equal(a, b),
            lambda: of.assert_near(a, a + 1e-8), lambda: of.assert_near(a, b),
            lambda: of.assert_positive(a), lambda: of.assert_negative(a),
            lambda: of.assert_rank(a, 1), lambda: of.assert_rank(a, 2),
            lambda: of.assert_rank_at_least(a, 2),
            lambda: of.assert_rank_in(a, [0, 2]),
            lambda: of.assert_shapes([(a, ("N",)), (b, ("N",))]),
            lambda: of.assert_shapes([(a, ("N",)), (wide, ("N",))]),
            lambda: of.assert_scalar(a), lambda: of.assert_type(a, tf.int32),
            lambda: of.assert_integer(a), lambda: of.assert_integer(tf.constant(1)),
            lambda: of.assert_all_finite(a / 0.0, "x"),
            lambda: of.check_numerics(tf.math.log(-a), "x"),
            lambda: of.Assert(False, [a]), lambda: of.Assert(True, [a]),
            lambda: of.is_numeric_tensor(tf.constant("a")),
            lambda: of.assert_proper_iterable([1]),
            lambda: of.assert_proper_iterable(a),
        )
    ]  # fmt: skip


@scenario
def errors(tf):
    error = tf.errors.InvalidArgumentError(None, None, "text")
    return [
        error.message, error.error_code, error.op, error.node_def, str(error),
        isinstance(error, tf.errors.OpError), tf.errors.INVALID_ARGUMENT,
        tf.errors.OutOfRangeError(None, None, "x").error_code,
        outcome(lambda: tf.reshape(tf.ones([4]), [3])),
        outcome(lambda: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))),
        outcome(lambda: tf.concat([tf.ones([2, 2]), tf.ones([3, 3])], 0)),
        outcome(lambda: tf.constant([1, 2])[5]),
        outcome(lambda: tf.convert_to_tensor([[1], [2, 3]])),
    ]  # fmt: skip
