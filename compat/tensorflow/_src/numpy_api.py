"""`tf.experimental.numpy`, which is numpy's API already."""

from compat.dictionary import UNKNOWN, value

NUMPY = """
abs all allclose amax amin any append arange arccos arccosh arcsin arcsinh arctan
arctan2 arctanh argmax argmin argsort around array asarray atleast_1d atleast_2d
atleast_3d average broadcast_arrays broadcast_to ceil clip concatenate conj cos cosh
count_nonzero cross cumprod cumsum diag diagflat diagonal diff divide dot dstack einsum
empty empty_like equal exp exp2 expand_dims expm1 eye fabs flip fliplr flipud float32
float64 floor floor_divide full full_like geomspace greater greater_equal hsplit hstack
hypot identity imag inner int32 int64 isclose isfinite isinf isnan kron less less_equal
linspace log log10 log1p log2 logaddexp logical_and logical_not logical_or logspace
matmul max maximum mean meshgrid min minimum mod moveaxis multiply
ndim negative newaxis nonzero not_equal ones ones_like outer pad positive power prod
ptp ravel real reciprocal remainder repeat reshape roll rot90 round shape sign sin sinc
sinh size sort split sqrt square squeeze stack std subtract sum swapaxes take
take_along_axis tan tanh tensordot tile trace transpose tri tril triu true_divide vander
var vdot vsplit vstack where zeros zeros_like
""".split()
for _name in NUMPY:
    value(
        f"tf.experimental.numpy.{_name}",
        spelling=f"jnp.{_name}".replace("64", "32"),
        returns=UNKNOWN,
        because="its 64-bit defaults become 32-bit ones",
    )
