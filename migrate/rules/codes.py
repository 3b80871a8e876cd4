"""The table of rules: what each code stands for.

A code is in every finding and in every comment that is left in a file; codes are
stable, so that options and scripts can name them.

    S2H1…  names: calls, classes, constants, methods
    S2H2…  classes of modules
    S2H3…  code that owns networks: learners, agents, scripts
    S2H4…  imports
    S2H9…  what is left, and why
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Code:
    """One rule.

    Attributes:
      title: what it is about, in a few words.
      explanation: what it does, when that is exact, and what to do otherwise.
      example: before and after, as lines of a diff; may be empty.
    """

    title: str
    explanation: str
    example: str = ""


CODES: dict[str, Code] = {
    "S2H101": Code(
        "A call of an op, replaced by an expression",
        "A call of TensorFlow or TRFL becomes an expression of JAX. Each expression is "
        "exact under a condition on the arguments; where the condition is not proven "
        "the edit is listed as assumed, with the condition.",
        "- y = tf.reduce_mean(x, axis=[1, 2])\n+ y = jnp.mean(x, axis=(1, 2))",
    ),
    "S2H102": Code(
        "A call of an op, replaced by a helper function",
        "No single expression of JAX does the same for these arguments. The exact "
        "behaviour is written out once as a function in `_tf_ops.py`, in your own "
        "tree, and called.",
        "- y, index = tf.unique(x)\n+ y, index = _tf_ops.unique(x)",
    ),
    "S2H103": Code(
        "A Sonnet module, made as a Haiku module",
        "`hk.X` where Haiku's module computes the same at this call, `hk.sonnet.X` "
        "where it would not.",
        "- self._out = snt.Linear(10)\n+ self._out = hk.Linear(10)",
    ),
    "S2H104": Code(
        "A legacy name that is not called",
        "Dtypes, constants, types in annotations, functions passed on as values. "
        "64-bit dtypes become 32-bit ones, as JAX computes by default; such an edit is "
        "listed as assumed.",
        "- x = tf.zeros([3], tf.float32)\n+ x = jnp.zeros((3,), jnp.float32)",
    ),
    "S2H105": Code(
        "A method, attribute or operator of a tensor or variable",
        "Arrays of JAX have other methods than tensors. The edit is assumed where the "
        "receiver is not known to be a tensor.",
        "- n = x.shape.as_list()\n+ n = list(x.shape)",
    ),
    "S2H106": Code(
        "random draws of distributions",
        "TensorFlow Probability's distributions on JAX draw with a key that is given "
        "to them: a draw without a seed gets `hk.next_rng_key()` inside modules, "
        "`objects.next_rng_key()` elsewhere. The numbers drawn are others than before.",
        "- policy.sample()\n+ policy.sample(seed=hk.next_rng_key())",
    ),
    "S2H201": Code(
        "The base of a class",
        "`snt.Module` becomes `hk.Module`. A class that trains (it holds a tape or an "
        "optimizer) owns networks and becomes a plain class.",
        "- class Torso(snt.Module):\n+ class Torso(hk.Module):",
    ),
    "S2H202": Code(
        "A trained variable of a module",
        "`tf.Variable` in a module becomes `hk.get_parameter` of the same name, so "
        "that checkpoints find their place by the attribute.",
        '- self.w = tf.Variable(tf.ones([n]), name="w")\n'
        '+ self.w = hk.get_parameter("w", [n], init=jnp.ones)',
    ),
    "S2H203": Code(
        "A method that runs once",
        "`snt.once` becomes `hk.sonnet.once`: once for each module and transform.",
        "- @snt.once\n+ @hk.sonnet.once",
    ),
    "S2H204": Code(
        "Names and scopes that change no numbers",
        "Name scopes, device scopes and decorators that have no part in Haiku are "
        "dropped; the statements in them stay.",
    ),
    "S2H205": Code(
        "A variable of a module that is not trained",
        "A variable that is assigned to, or made with `trainable=False`, becomes "
        "state: `hk.get_state` and `hk.set_state`.",
    ),
    "S2H301": Code(
        "A module made outside of any module",
        "Haiku makes modules inside `hk.transform` only. Code that owns networks holds "
        "them as `objects.network(lambda: …)`, which keeps the parameters as Sonnet's "
        "modules did.",
        "- self._net = snt.nets.MLP([64, 2])\n"
        "+ self._net = objects.network(lambda: hk.nets.MLP([64, 2]))",
    ),
    "S2H302": Code(
        "A variable outside of any module",
        "A counter or another variable of a learner becomes `objects.Box`, a mutable "
        "cell that holds an array.",
        "- self._steps = tf.Variable(0)\n+ self._steps = objects.Box(0)",
    ),
    "S2H303": Code(
        "A gradient tape",
        "The block of a tape becomes a loss function, differentiated by "
        "`objects.value_and_grad`, or `objects.vjp` for several gradients of one "
        "computation. A tape that does something else is left, with the reason.",
    ),
    "S2H304": Code(
        "A compiled function",
        "`tf.function` becomes `objects.jit` where networks are owned. Methods of "
        "modules need none: they are compiled with the call of the network.",
        "- @tf.function\n+ @objects.jit",
    ),
    "S2H305": Code(
        "An optimizer",
        "Sonnet's optimizers become `objects.Optimizer` around the optax "
        "transformation that makes the same updates.",
    ),
    "S2H306": Code(
        "A choice on a tensor in a compiled function",
        "An `if` whose condition is a tensor becomes `objects.cond`. One that cannot "
        "be written so is left, with the reason.",
    ),
    "S2H307": Code(
        "The random seed",
        "`tf.random.set_seed` becomes `objects.set_seed`. Runs are reproducible, with "
        "other random numbers than TensorFlow's.",
        "- tf.random.set_seed(1)\n+ objects.set_seed(1)",
    ),
    "S2H308": Code(
        "Making the variables of a network ahead of its first call",
        "`snt.build` and its like become `objects.build`.",
    ),
    "S2H401": Code(
        "The import of TensorFlow Probability",
        "Its JAX half is imported instead, which has the same names for nearly all; "
        "exact if those used in the file are among them.",
    ),
    "S2H901": Code(
        "Left: a name that is not known here",
        "Neither the dictionary nor a rule knows this name. Replace it by hand.",
    ),
    "S2H902": Code(
        "Left: a name that a person must replace",
        "There is no counterpart that does the same; the comment says why, and what "
        "to do instead.",
    ),
    "S2H903": Code(
        "Left: a call that does not fit",
        "The name is known, but not with these arguments: one of them has no "
        "counterpart, or the call would fail in TensorFlow too.",
    ),
    "S2H904": Code(
        "Left: arguments that are known only when the program runs",
        "`f(*args)` or `f(**kwargs)`: which arguments these are cannot be read from "
        "the source. Write them out.",
    ),
    "S2H905": Code(
        "Stays: kept on purpose",
        "Input pipelines, summaries and the like work beside JAX and need no change. "
        "In no percentage.",
    ),
    "S2H906": Code(
        "Left: an expression inside an f-string",
        "The new expression cannot be written inside this f-string. Assign it to a "
        "variable first.",
    ),
    "S2H907": Code(
        "Left: a caller outside of what was given",
        "A file elsewhere in the same project (its git repository, or its outermost "
        "package) uses a class or function that changed, and was not given. It is not "
        "changed: rewrite it too, or adapt it.",
    ),
}
