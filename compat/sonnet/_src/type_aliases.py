"""Names of types in Sonnet's annotations."""

from compat.dictionary import value

value(
    "snt.src.types.TensorLike",
    "snt.src.types.BoolLike",
    "snt.src.types.IntegerLike",
    "snt.src.types.FloatLike",
    spelling="jax.typing.ArrayLike",
)
value("snt.src.types.ParameterUpdate", spelling="jnp.ndarray")
value("snt.src.types.TensorNest", spelling="object")
value("snt.src.types.ShapeLike", "snt.src.types.Axis", spelling="object")
value("snt.src.types.ActivationFn", "snt.src.types.GradFn", spelling="object")
