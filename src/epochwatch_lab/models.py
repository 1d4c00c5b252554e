"""The small models of the investigation."""

from types import ModuleType

import numpy as np


def small_cnn(dropout: float = 0.0, keras: ModuleType | None = None):
    """Build the binary classifier of the original post, for images of 28 × 28 grey values.

    Three convolutions of ten 3 × 3 filters, max-pooling between them, one sigmoid unit:
    2,011 trainable parameters. Grey values 0 … 255 are scaled to 0 … 1 inside the model,
    so that feeds can carry bytes.

    Args:
        dropout: rate of a Dropout layer before the last one, which draws at random; 0 for none.
        keras: whose model it is, such as `tf_keras`; None for Keras 3.

    Returns:
        An uncompiled `keras.Model` from (batch, 28, 28) to (batch, 1).

    Example:
        >>> small_cnn().count_params()
        2011
    """
    if keras is None:
        import keras
    layers = keras.layers

    def convolution():
        return layers.Conv2D(10, kernel_size=3, activation="relu")

    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            convolution(),
            layers.MaxPooling2D(),
            convolution(),
            layers.MaxPooling2D(),
            convolution(),
            layers.Flatten(),
            *([layers.Dropout(dropout)] if dropout else []),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="small_cnn",
    )


def patch_classifier(bands: int, size: tuple[int, int]):
    """Build a binary classifier of image patches, in whatever unit their bands are.

    Args:
        bands: of a patch.
        size: its height and width.

    Returns:
        An uncompiled `keras.Model` from (batch, height, width, bands) to (batch, 1).

    Example:
        >>> patch_classifier(12, (10, 10)).count_params()
        2961
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((*size, bands)),
            layers.BatchNormalization(),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="patch_classifier",
    )


def small_unet(bands: int, size: tuple[int, int], filters: int = 8):
    """Build a U-Net of two levels, which says of every pixel how likely it is of the rare class.

    Args:
        bands: of a patch.
        size: its height and width, odd or even.
        filters: of the upper level; the lower has twice as many.

    Returns:
        An uncompiled `keras.Model` from (batch, height, width, bands) to (batch, height, width, 1).

    Example:
        >>> small_unet(12, (10, 10)).output_shape
        (None, 10, 10, 1)
    """
    import keras
    from keras import layers

    def convolved(x, number):
        return layers.Conv2D(number, 3, padding="same", activation="relu")(x)

    image = keras.Input((*size, bands))
    upper = convolved(layers.BatchNormalization()(image), filters)
    lower = convolved(layers.MaxPooling2D(padding="same")(upper), 2 * filters)
    raised = layers.UpSampling2D()(lower)
    if any(edge % 2 for edge in size):
        raised = layers.Cropping2D([(0, edge % 2) for edge in size])(raised)
    joined = convolved(layers.Concatenate()([upper, raised]), filters)
    pixels = layers.Conv2D(1, 1, activation="sigmoid")(joined)
    return keras.Model(image, pixels, name="small_unet")


def blind_model(steps_per_execution: int = 1):
    """Build a model of one weight, for data that is all zeros: nothing can improve it.

    It has no bias, so whatever it is trained on, it answers 0.5 and its loss stays ln 2. It is
    for what does not depend on what is learned, such as which samples `fit` trains.

    Args:
        steps_per_execution: as `compile` takes it.

    Returns:
        A compiled `keras.Model` from (batch, 1) to (batch, 1).

    Example:
        >>> blind_model().count_params()
        1
    """
    import keras

    layer = keras.layers.Dense(1, use_bias=False, activation="sigmoid")
    model = keras.Sequential([keras.Input((1,)), layer], name="blind_model")
    model.compile("adam", "binary_crossentropy", steps_per_execution=steps_per_execution)
    return model


def glancing_model():
    """Build a model that only looks at the mean of each band, and so costs next to nothing.

    Returns:
        A compiled `keras.Model` from (batch, height, width, bands), of any size, to (batch, 1).
    """
    import keras
    from keras import layers

    looks_at_little = [layers.GlobalAveragePooling2D(), layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential(looks_at_little, name="glancing_model")
    model.compile("sgd", "binary_crossentropy")
    return model


def states_alike(one, other) -> bool:
    """Compare two trained models to the bit: their weights and the state of their optimizers.

    Args:
        one: a compiled `keras.Model`.
        other: another one.

    Returns:
        Whether all values are the same.
    """
    return _bits(one) == _bits(other)


def _bits(model) -> list[bytes]:
    return [np.asarray(v).tobytes() for v in (*model.weights, *model.optimizer.variables)]
