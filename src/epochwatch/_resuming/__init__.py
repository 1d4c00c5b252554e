"""Trainings that go on after a kill: what is kept, where, and how it is put back."""
