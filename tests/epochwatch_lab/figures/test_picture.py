"""A picture shows itself, in two widths, with its words."""

import base64
import io
import re

from PIL import Image

from epochwatch_lab.figures import Picture, is_narrow


def line():
    """A picture that draws more where there is room."""

    def draw(figure):
        for axes in figure.subplots(*((2, 1) if is_narrow(figure) else (1, 2))):
            axes.plot([0, 1, 2], [0, 1, 4])

    return Picture.drawn("line", 'A "line" < 3.', draw, wide=(8, 2), narrow=(4, 3))


def pixels(base64_text):
    return Image.open(io.BytesIO(base64.b64decode(base64_text))).size


def test_it_is_shown_as_pixels_and_vectors_with_its_name_its_words_and_a_narrow_version():
    forms, metadata = line()._repr_mimebundle_()
    assert pixels(forms["image/png"]) == (1200, 300)
    narrow = forms["application/vnd.epochwatch.narrow+png"]
    assert pixels(narrow) == (600, 450)
    assert forms["image/svg+xml"].startswith("<?xml")
    assert forms["text/plain"] == 'A "line" < 3.'
    alt, width, source = re.fullmatch(
        r'<img alt="(.*)" width="(\d+)" src="data:image/png;base64,(.*)">', forms["text/html"]
    ).groups()
    assert (alt, width, source) == ("A &quot;line&quot; &lt; 3.", "768", forms["image/png"])
    assert metadata["filename"] == "line"
    assert metadata["image/png"] == {"alt": 'A "line" < 3.', "width": 768}


def test_its_files_are_what_is_shown_and_the_same_each_time(tmp_path):
    picture = line()
    forms, _ = picture._repr_mimebundle_()
    for _ in range(2):
        picture.save(tmp_path)
        assert (tmp_path / "line.png").read_bytes() == base64.b64decode(forms["image/png"])
        assert (tmp_path / "line.svg").read_text() == forms["image/svg+xml"]
    assert is_narrow(picture.narrow)
    assert not is_narrow(picture.wide)
    assert len(picture.narrow.axes) == 2
