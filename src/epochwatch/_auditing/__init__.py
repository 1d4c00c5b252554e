"""Running the real `fit` over a feed with a model that learns nothing, to see what it delivers."""
