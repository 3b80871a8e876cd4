"""Images: sizes, crops, flips, colours."""

import jax
import jax.numpy as jnp
import numpy as np

import haiku_core as hk
from compat.dictionary import (
    FLOAT,
    TENSOR,
    ByDtype,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Key,
    Like,
    Shape,
    Static,
    T,
    op,
)

RANDOM = "the draws come from JAX's generator, not TensorFlow's"
BYTES = Ints(2, 3, 3, low=0, high=256, dtype="uint8")


@op(
    "tf.image.convert_image_dtype",
    returns=ByDtype("dtype"),
    check=[
        Call(BYTES, "float32"),
        Call(Floats(2, 3, low=0, high=1), "uint8", grad_=False),
        Call(Floats(2, 3, low=-0.5, high=1.5), "uint8", saturate=True, grad_=False),
        Call(Floats(2, 3), "float32"),
        Call(Floats(2, 3), "float16"),
        Call(Exactly([0, 128, 255], "uint8"), "int16"),
    ],
)
def convert_image_dtype(
    image: T, dtype: Dtype, saturate: Static = False, name: Ignored = None
):
    """The image in another dtype, whole ranges of integers standing for [0, 1]."""
    if image.dtype == dtype:
        return image
    whole_in = jnp.issubdtype(image.dtype, jnp.integer)
    whole_out = jnp.issubdtype(dtype, jnp.integer)
    if whole_in and whole_out:
        top, goal = int(jnp.iinfo(image.dtype).max), int(jnp.iinfo(dtype).max)
        if top > goal:
            return (image // ((top + 1) // (goal + 1))).astype(dtype)
        return image.astype(dtype) * np.asarray((goal + 1) // (top + 1), dtype)
    if whole_in:
        return image.astype(dtype) * np.asarray(1 / jnp.iinfo(image.dtype).max, dtype)
    if not whole_out:
        return image.astype(dtype)
    top = int(jnp.iinfo(dtype).max)
    scaled = image * np.asarray(top + 0.5, image.dtype)
    if saturate:
        scaled = jnp.clip(scaled, int(jnp.iinfo(dtype).min), top)
    return scaled.astype(dtype)


def _batched(images):
    """Images with a batch axis, and whether one was added."""
    return (images[None], True) if images.ndim == 3 else (images, False)


@op(
    "tf.image.resize",
    returns=TENSOR,
    check=[
        Call(Floats(2, 4, 6, 3), [8, 3]),
        Call(Floats(4, 6, 3), (7, 9)),
        Call(Floats(2, 4, 6, 3), [8, 3], method="nearest"),
        Call(BYTES, [4, 5]),
        Call(BYTES, [4, 5], "nearest"),
        Call(Floats(1, 9, 9, 1), [4, 4], antialias=True),
    ],
)
def resize(
    images: T,
    size: Shape,
    method: Static = "bilinear",
    preserve_aspect_ratio: Static = False,
    antialias: Static = False,
    name: Ignored = None,
):
    """Images at another size, pixel centres at half integers; floats unless nearest.

    Raises:
      NotImplementedError: another method, or the aspect ratio kept.
    """
    if method not in ("bilinear", "nearest") or preserve_aspect_ratio:
        raise NotImplementedError(
            "tf.image.resize: bilinear and nearest, sizes as given"
        )
    batch, single = _batched(images)
    shape = (batch.shape[0], *size, batch.shape[3])
    if method == "nearest":
        out = jax.image.resize(batch, shape, "nearest")
    else:
        batch = batch.astype(jnp.float32)
        out = jax.image.resize(batch, shape, "bilinear", antialias=antialias)
    return out[0] if single else out


@op(
    "tf.image.crop_to_bounding_box",
    returns=Like("image"),
    check=[Call(Floats(2, 5, 6, 3), 1, 2, 3, 4), Call(BYTES, 0, 1, 2, 2)],
)
def crop_to_bounding_box(
    image: T,
    offset_height: Static,
    offset_width: Static,
    target_height: Static,
    target_width: Static,
):
    """The part of images that a box of rows and columns names."""
    rows = slice(offset_height, offset_height + target_height)
    columns = slice(offset_width, offset_width + target_width)
    return image[..., rows, columns, :]


@op(
    "tf.image.pad_to_bounding_box",
    returns=Like("image"),
    check=[Call(Floats(2, 3, 2, 3), 1, 2, 5, 6)],
)
def pad_to_bounding_box(
    image: T,
    offset_height: Static,
    offset_width: Static,
    target_height: Static,
    target_width: Static,
):
    """Images with zeros around, to a size."""
    below = target_height - offset_height - image.shape[-3]
    right = target_width - offset_width - image.shape[-2]
    margins = [(offset_height, below), (offset_width, right), (0, 0)]
    return jnp.pad(image, [(0, 0)] * (image.ndim - 3) + margins)


@op(
    "tf.image.resize_with_crop_or_pad",
    returns=Like("image"),
    check=[
        Call(Floats(2, 5, 6, 3), 3, 9),
        Call(Floats(4, 3, 1), target_height=7, target_width=2),
    ],
)
def resize_with_crop_or_pad(image: T, target_height: Static, target_width: Static):
    """Images cut or padded with zeros at the middle, to a size."""
    for axis, goal in ((-3, target_height), (-2, target_width)):
        size = image.shape[axis]
        axis %= image.ndim
        if goal < size:
            start = (size - goal) // 2
            image = jax.lax.slice_in_dim(image, start, start + goal, axis=axis)
        else:
            before = (goal - size) // 2
            margins = [(0, 0)] * image.ndim
            margins[axis] = (before, goal - size - before)
            image = jnp.pad(image, margins)
    return image


@op(
    "tf.image.central_crop",
    returns=Like("image"),
    check=[Call(Floats(2, 8, 6, 3), 0.5), Call(Floats(7, 5, 1), 0.6)],
)
def central_crop(image: T, central_fraction: Static):
    """The middle of images, a share of each side long."""
    for axis in (-3, -2):
        axis %= image.ndim
        size = image.shape[axis]
        start = int((size - size * central_fraction) / 2)
        image = jax.lax.slice_in_dim(image, start, size - start, axis=axis)
    return image


@op("tf.image.flip_left_right", returns=Like("image"), check=[Call(Floats(2, 3, 4, 3))])
def flip_left_right(image: T):
    """Images with their columns in reverse order."""
    return jnp.flip(image, -2)


@op("tf.image.flip_up_down", returns=Like("image"), check=[Call(Floats(2, 3, 4, 3))])
def flip_up_down(image: T):
    """Images with their rows in reverse order."""
    return jnp.flip(image, -3)


@op(
    "tf.image.rot90",
    returns=Like("image"),
    check=[
        Call(Floats(3, 4, 3)),
        Call(Floats(2, 3, 4, 3), k=2),
        Call(Floats(3, 4, 1), 3),
    ],
)
def rot90(image: T, k: Static = 1, name: Ignored = None):
    """Images turned counter-clockwise by quarters."""
    return jnp.rot90(image, k, (-3, -2))


@op(
    "tf.image.transpose",
    returns=Like("image"),
    check=[Call(Floats(2, 3, 4, 3)), Call(Floats(3, 4, 3))],
)
def transpose(image: T, name: Ignored = None):
    """Images with rows and columns exchanged."""
    return jnp.swapaxes(image, -3, -2)


@op(
    "tf.image.rgb_to_grayscale",
    returns=Like("images"),
    check=[Call(Floats(2, 3, 4, 3, low=0, high=1))],
)
def rgb_to_grayscale(images: T, name: Ignored = None):
    """One channel of brightness out of red, green and blue; of floats."""
    weights = jnp.asarray([0.2989, 0.587, 0.114], images.dtype)
    return jnp.sum(images * weights, axis=-1, keepdims=True)


@op(
    "tf.image.grayscale_to_rgb",
    returns=Like("images"),
    check=[Call(Floats(2, 3, 4, 1))],
)
def grayscale_to_rgb(images: T, name: Ignored = None):
    """One channel three times."""
    return jnp.repeat(images, 3, axis=-1)


@op(
    "tf.image.per_image_standardization",
    returns=FLOAT,
    check=[
        Call(Floats(2, 3, 4, 3)),
        Call(BYTES),
        Call(Exactly([[[1.0], [1.0]]], "float32"), grad_=False),
    ],
)
def per_image_standardization(image: T):
    """Each image less its mean over its deviation, this not below that of noise."""
    image = image.astype(jnp.float32)
    count = np.prod(image.shape[-3:])
    mean = jnp.mean(image, axis=(-3, -2, -1), keepdims=True)
    deviation = jnp.std(image, axis=(-3, -2, -1), keepdims=True)
    return (image - mean) / jnp.maximum(deviation, np.float32(1 / np.sqrt(count)))


@op(
    "tf.image.adjust_brightness",
    returns=Like("image"),
    check=[Call(Floats(3, 4, 3), 0.25)],
)
def adjust_brightness(image: T, delta: T):
    """The image with a number added; of floats."""
    delta = delta.astype(image.dtype)
    return image + delta


@adjust_brightness.when("image is float")
def _(image, delta):
    return image + delta


@op(
    "tf.image.adjust_contrast",
    returns=Like("images"),
    check=[Call(Floats(2, 3, 4, 3), 1.5, grad_=False)],
)
def adjust_contrast(images: T, contrast_factor: T):
    """Distances from each channel's mean times a factor; of floats."""
    mean = jnp.mean(images, axis=(-3, -2), keepdims=True)
    return (images - mean) * contrast_factor.astype(images.dtype) + mean


@op(
    "tf.image.total_variation",
    returns=FLOAT,
    check=[Call(Floats(2, 3, 4, 3)), Call(Floats(3, 4, 3))],
)
def total_variation(images: T, name: Ignored = None):
    """The sum of absolute differences of neighbour pixels, per image."""
    axes = (-3, -2, -1)
    down = jnp.sum(jnp.abs(jnp.diff(images, axis=-3)), axis=axes)
    return down + jnp.sum(jnp.abs(jnp.diff(images, axis=-2)), axis=axes)


@op(
    "tf.image.psnr",
    returns=FLOAT,
    check=[Call(Floats(2, 3, 4, 3), Floats(2, 3, 4, 3), 4.0)],
)
def psnr(a: T, b: T, max_val: Static, name: Ignored = None):
    """The peak signal-to-noise ratio in decibels, per image."""
    error = jnp.mean(jnp.square(a - b), axis=(-3, -2, -1))
    peak = 20 * float(np.log10(max_val))
    return peak - float(10 / np.log(10)) * jnp.log(error)


@op(
    "tf.image.extract_patches",
    returns=Like("images"),
    check=[
        Call(Floats(1, 6, 6, 2), [1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 1, 1], "VALID"),
        Call(Floats(1, 5, 5, 2), [1, 3, 3, 1], [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
    ],
)
def extract_patches(
    images: T,
    sizes: Static,
    strides: Static,
    rates: Static,
    padding: Static,
    name: Ignored = None,
):
    """Windows of images, the pixels of each laid out along the last axis."""
    patches = jax.lax.conv_general_dilated_patches(
        images,
        sizes[1:3],
        strides[1:3],
        padding,
        rhs_dilation=rates[1:3],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    depth = images.shape[-1]
    patches = jnp.reshape(patches, (*patches.shape[:3], depth, -1))
    return jnp.reshape(jnp.swapaxes(patches, -1, -2), (*patches.shape[:3], -1))


@op(
    "tf.image.random_crop",
    returns=Like("value"),
    because=RANDOM,
    check=[Call(Floats(6, 6, 3), [3, 4, 3])],
)
def random_crop(
    value: T, size: Shape, seed: Ignored = None, name: Ignored = None, *, key: Key
):
    """A block of a given size at a random place."""
    room = np.asarray(value.shape) - np.asarray(size) + 1
    start = jax.random.randint(key, (len(size),), 0, room)
    return jax.lax.dynamic_slice(value, start, size)


@op(
    "tf.image.random_flip_left_right",
    returns=Like("image"),
    because=RANDOM,
    check=[Call(Floats(4, 5, 3)), Call(Floats(2, 4, 5, 3))],
)
def random_flip_left_right(image: T, seed: Ignored = None, *, key: Key):
    """Each image as it is, or with its columns reversed, with equal chances."""
    turned = jax.random.bernoulli(key, 0.5, (*image.shape[:-3], 1, 1, 1))
    return jnp.where(turned, jnp.flip(image, -2), image)


@op(
    "tf.image.random_flip_up_down",
    returns=Like("image"),
    because=RANDOM,
    check=[Call(Floats(4, 5, 3)), Call(Floats(2, 4, 5, 3))],
)
def random_flip_up_down(image: T, seed: Ignored = None, *, key: Key):
    """Each image as it is, or with its rows reversed, with equal chances."""
    turned = jax.random.bernoulli(key, 0.5, (*image.shape[:-3], 1, 1, 1))
    return jnp.where(turned, jnp.flip(image, -3), image)


@op(
    "tf.image.random_brightness",
    returns=Like("image"),
    because=RANDOM,
    check=[Call(Floats(4, 5, 3), 0.5)],
)
def random_brightness(image: T, max_delta: Static, seed: Ignored = None, *, key: Key):
    """The image with one random number added; of floats."""
    shift = jax.random.uniform(key, (), image.dtype, -max_delta, max_delta)
    return image + shift


@random_brightness.when(because=RANDOM)
def _(image, max_delta):
    return image + jax.random.uniform(
        hk.next_rng_key(), minval=-max_delta, maxval=max_delta
    )


@op(
    "tf.image.random_contrast",
    returns=Like("image"),
    because=RANDOM,
    check=[Call(Floats(4, 5, 3), 0.5, 1.5)],
)
def random_contrast(
    image: T, lower: Static, upper: Static, seed: Ignored = None, *, key: Key
):
    """Distances from each channel's mean times one random factor; of floats."""
    mean = jnp.mean(image, axis=(-3, -2), keepdims=True)
    factor = jax.random.uniform(key, (), image.dtype, lower, upper)
    return (image - mean) * factor + mean
