"""The small convolutional network of the investigation."""


def small_cnn():
    """Build the binary classifier of the original post, for images of 28 × 28 grey values.

    Three convolutions of ten 3 × 3 filters, max-pooling between them, one sigmoid unit:
    2,011 trainable parameters. Grey values 0 … 255 are scaled to 0 … 1 inside the model,
    so that feeds can carry bytes.

    Returns:
        An uncompiled `keras.Model` from (batch, 28, 28) to (batch, 1).

    Example:
        >>> small_cnn().count_params()
        2011
    """
    import keras
    from keras import layers

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
            layers.Dense(1, activation="sigmoid"),
        ],
        name="small_cnn",
    )
