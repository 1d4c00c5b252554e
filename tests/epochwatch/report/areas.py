"""How much of a picture is filled with a colour."""

import numpy as np
from matplotlib.colors import same_color


def filled(ax, colour) -> float:
    """Sum the areas that are filled with a colour, in the units of the axes."""
    areas = [each for each in ax.collections if same_color(each.get_facecolor()[0], colour)]
    return sum(area_of(path.vertices) for each in areas for path in each.get_paths())


def area_of(vertices) -> float:
    """Compute what a polygon encloses, by its corners (n, 2)."""
    x, y = vertices.T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
