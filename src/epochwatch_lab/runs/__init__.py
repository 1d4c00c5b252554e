"""Runs of the notebooks: their parameters, their folders, papermill behind one door."""
