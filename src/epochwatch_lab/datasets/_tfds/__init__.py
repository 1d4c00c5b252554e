"""Any image classification set of TensorFlow Datasets, each sample with a stable index.

TFDS numbers no samples, but has an id for each: its file and its place in that file, such as
`mnist-train.tfrecord-00000-of-00001__123`. The index here is the row that this is in the split
as it lies on disk, file after file. It stays the same however the set is read, for as long as the
same files are there, and `tfds_id_of` turns it back into the id.

    builders    the set, found on disk or prepared
    rows        its ids as rows of a split, and back
    features    which of its features are the image and the class, and which class is meant
    reading     its samples, each with its row
    streams     what a user calls
"""
