"""Fourier transforms and windows."""

import jax.numpy as jnp

from compat.dictionary import (
    FLOAT,
    TENSOR,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Shape,
    Static,
    T,
    op,
)

WAVES = Exactly([[1 + 2j, 3j, 1, 0], [1, 2, 3, 4j]], "complex64")
COMPLEX = [Call(WAVES, grad_=False)]


@op("tf.signal.fft", returns=TENSOR, check=COMPLEX)
def fft(input: T, name: Ignored = None):
    """The discrete Fourier transform of the last axis."""
    return jnp.fft.fft(input)


@op("tf.signal.ifft", returns=TENSOR, check=COMPLEX)
def ifft(input: T, name: Ignored = None):
    """The inverse of `fft`."""
    return jnp.fft.ifft(input)


@op("tf.signal.fft2d", returns=TENSOR, check=COMPLEX)
def fft2d(input: T, name: Ignored = None):
    """The discrete Fourier transform of the last two axes."""
    return jnp.fft.fft2(input)


@op("tf.signal.ifft2d", returns=TENSOR, check=COMPLEX)
def ifft2d(input: T, name: Ignored = None):
    """The inverse of `fft2d`."""
    return jnp.fft.ifft2(input)


@op(
    "tf.signal.rfft",
    returns=TENSOR,
    check=[Call(Floats(2, 6), grad_=False), Call(Floats(2, 6), [8], grad_=False)],
)
def rfft(input_tensor: T, fft_length: Shape = None, name: Ignored = None):
    """The half spectrum of real signals along the last axis."""
    return jnp.fft.rfft(input_tensor, None if fft_length is None else fft_length[0])


@rfft.when("fft_length is None")
def _(input_tensor):
    return jnp.fft.rfft(input_tensor)


@op(
    "tf.signal.irfft",
    returns=FLOAT,
    check=[Call(WAVES, grad_=False), Call(WAVES, [5], grad_=False)],
)
def irfft(input_tensor: T, fft_length: Shape = None, name: Ignored = None):
    """The inverse of `rfft`."""
    return jnp.fft.irfft(input_tensor, None if fft_length is None else fft_length[0])


@irfft.when("fft_length is None")
def _(input_tensor):
    return jnp.fft.irfft(input_tensor)


SHIFTS = [Call(Floats(2, 5)), Call(Floats(2, 5), axes=1)]


@op("tf.signal.fftshift", returns=TENSOR, check=SHIFTS)
def fftshift(x: T, axes: Static = None, name: Ignored = None):
    """The zero frequency moved to the middle."""
    return jnp.fft.fftshift(x, axes)


@op("tf.signal.ifftshift", returns=TENSOR, check=SHIFTS)
def ifftshift(x: T, axes: Static = None, name: Ignored = None):
    """The inverse of `fftshift`."""
    return jnp.fft.ifftshift(x, axes)


def cosine_window(length, periodic, dtype, mean):
    """A raised cosine: of a whole period, or symmetric."""
    span = length + periodic * (1 - length % 2) - 1
    if length == 1:
        return jnp.ones(1, dtype)
    steps = jnp.arange(length, dtype=dtype)
    return mean - (1 - mean) * jnp.cos(2 * jnp.pi * steps / span)


WINDOWS = [Call(6), Call(5, periodic=False), Call(window_length=1)]


@op("tf.signal.hann_window", returns=FLOAT, check=WINDOWS)
def hann_window(
    window_length: Static,
    periodic: Static = True,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
):
    """Hann's window."""
    return cosine_window(int(window_length), bool(periodic), dtype, 0.5)


@op("tf.signal.hamming_window", returns=FLOAT, check=WINDOWS)
def hamming_window(
    window_length: Static,
    periodic: Static = True,
    dtype: Dtype = jnp.float32,
    name: Ignored = None,
):
    """Hamming's window."""
    return cosine_window(int(window_length), bool(periodic), dtype, 0.54)
