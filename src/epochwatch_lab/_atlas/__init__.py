"""The atlas: what every way of feeding `fit` does, observed on every backend and Keras."""
