"""What people do about a rare class, as orders of samples, losses and weights to compare.

`orders` says which sample is trained when, `known` which strategies there are, `scores` how
well a model does, and `comparison` what differs between them over many runs.
"""
