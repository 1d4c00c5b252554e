"""Maps of where a training has been, and patches with their labels."""

import numpy as np
from matplotlib.figure import Figure

from epochwatch_lab import figures
from epochwatch_lab.figures.scene import Patch, Trained

# Ten patches in rows of four: three rows, the last of two. Two of the first row were trained.
TRAINED = Trained(10, 4, np.array([0, 3]))


def test_a_map_has_a_square_to_a_patch_and_none_where_there_is_no_patch():
    axes = [Figure().subplots()]
    figures.scene.draw_maps(axes, {"in order": TRAINED})
    (image,) = axes[0].images
    drawn = np.ma.filled(image.get_array(), -1)
    assert drawn.tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 0, -1, -1]]
    assert axes[0].get_xlabel() == "2 patches, in 1 of 3 rows"


def test_the_words_count_patches_and_rows():
    told = figures.scene.describe_maps({"in order": TRAINED})
    assert told == ("Maps of a scene of 10 patches. in order: 2 patches trained, in 1 of 3 rows.")


def test_a_large_scene_is_drawn_in_squares_of_which_a_single_patch_is_seen():
    one = Trained(120 * 120, 120, np.array([120 * 119 + 7]))
    shares = one.shares()
    assert (one.edge, shares.shape) == (2, (60, 60))
    assert np.argwhere(shares).tolist() == [[59, 3]]
    assert shares[59, 3] == 0.25
    assert "14,400 patches, in squares of 2 by 2." in figures.scene.describe_maps({"a": one})


def test_patches_are_drawn_with_their_labels_and_their_margins():
    label = np.zeros((6, 6))
    label[2:4, 2:4] = 1
    patches = [Patch(np.random.default_rng(0).random((6, 6)), label, 1)] * 2
    axes = figures.scene.draw_patches(Figure().subplots(2, 2), patches)
    assert np.array_equal(axes[1, 0].images[0].get_array(), label)
    assert axes[0, 1].patches[0].get_bbox().extents.tolist() == [0.5, 0.5, 4.5, 4.5]
    assert axes[1, 1].get_xlabel() == "11.1% rare"
    assert "2 patches of 6 by 6 pixels" in figures.scene.describe_patches(patches)
