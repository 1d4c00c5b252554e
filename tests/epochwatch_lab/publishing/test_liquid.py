import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab.post import liquid

PIECES = st.sampled_from(
    ["{", "}", "%", "{{", "}}", "{%", "%}", "-", '"', "'", " ", "\n", "x", "raw", "endraw"]
)
TEXT = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3))).map("".join))


@given(TEXT)
def test_any_text_comes_out_of_liquid_as_it_was_written(render_liquid, text):
    assert render_liquid(liquid.protect(text)) == text


@given(TEXT, TEXT)
def test_no_opening_is_made_where_two_protected_texts_meet(render_liquid, left, right):
    if not left.endswith("{"):
        assert render_liquid(liquid.protect(left) + liquid.protect(right)) == left + right


@given(st.text(st.characters(exclude_characters="{")))
def test_text_without_a_brace_is_left_alone(text):
    assert liquid.protect(text) == text


@pytest.mark.parametrize(
    ("text", "protected"),
    [
        # What Keras' ModelCheckpoint and f-strings write: single braces mean nothing to Liquid.
        ("weights.{epoch:02d}.keras", "weights.{epoch:02d}.keras"),
        ("{{ x }}", '{{ "{" }}{ x }}'),
        ("{% endraw %}", '{{ "{" }}% endraw %}'),
        ("{{{", '{{ "{" }}{{ "{" }}{'),
    ],
)
def test_only_the_brace_before_an_opening_is_escaped(text, protected):
    assert liquid.protect(text) == protected


def test_the_oracle_itself_sees_a_hole(render_liquid):
    with pytest.raises(AssertionError, match="Liquid would act on"):
        render_liquid("{% if x %}")
