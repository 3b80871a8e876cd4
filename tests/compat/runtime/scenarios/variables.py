"""Variables and modules."""

from tests.compat.runtime.scenarios.registry import raised, scenario


@scenario
def variables(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.name_scope("outer"), tf.name_scope("inner"):
        w = tf.Variable(3, trainable=False, name="w")
    v.assign_add([1.0, 1.0])
    v.assign_sub([0.5, 0.5])
    w.assign(5)
    return [
        v, w, v.name, w.name, v.trainable, w.trainable, v.shape.as_list(), v.dtype.name,
        v * 2, v[1], w + 1, v.read_value(),
        tf.Variable(1.5, dtype=tf.float64).dtype.name,
        raised(lambda: v.assign([1.0]), ValueError),
        raised(lambda: v.assign(tf.constant([1, 2])), ValueError),
        raised(lambda: tf.Variable(None), ValueError),
        raised(lambda: hash(v), TypeError),
        tf.Variable(lambda: tf.ones([2])),
    ]  # fmt: skip


@scenario
def scattering(tf):
    v = tf.Variable(tf.zeros([4, 2]))
    v.scatter_nd_update([[1]], [[5.0, 6.0]])
    v.scatter_nd_add([[1], [3]], [[1.0, 1.0], [2.0, 2.0]])
    v.scatter_sub(tf.IndexedSlices([[1.0, 1.0]], [0]))
    v.scatter_update(tf.IndexedSlices([[9.0, 9.0]], [2]))
    return v


@scenario
def creators(tf):
    seen = []

    def outer(following, **kwargs):
        seen.append(("outer", kwargs["name"]))
        return following(**kwargs)

    def inner(following, **kwargs):
        seen.append(("inner", kwargs["name"]))
        kwargs["trainable"] = False
        return following(**kwargs)

    with tf.variable_creator_scope(outer), tf.variable_creator_scope(inner):
        v = tf.Variable(1.0, name="a")
    return seen, v.trainable


@scenario
def modules(tf):
    class Leaf(tf.Module):
        def __init__(self, name=None):
            super().__init__(name)
            with self.name_scope:
                self.w = tf.Variable(1.0, name="w")
                self.state = tf.Variable(0, trainable=False, name="state")

    class Tree(tf.Module):
        def __init__(self):
            super().__init__()
            self.z = tf.Variable(9.0, name="z")
            with self.name_scope:
                self.leaves = [Leaf("one"), {"b": Leaf(), "a": (Leaf("three"), 5)}]
            self.again = self.leaves[0]

        @tf.Module.with_name_scope
        def scoped(self):
            return tf.Variable(0.0, name="inside").name

    tree = Tree()
    return [
        [v.name for v in tree.variables],
        [v.name for v in tree.trainable_variables],
        [v.name for v in tree.non_trainable_variables],
        [m.name for m in tree.submodules],
        tree.name,
        tree.scoped(),
        raised(lambda: tf.Module(name="not valid"), ValueError),
    ]
