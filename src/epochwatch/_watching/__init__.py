"""Seeing what a training step received, without taking part in the training."""
