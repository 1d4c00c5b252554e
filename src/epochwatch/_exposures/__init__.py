"""The record of every exposure, and what follows from it. NumPy and Arrow only."""
