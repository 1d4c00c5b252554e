"""Text that Jekyll's template language, Liquid, hands on exactly as it was written."""

import re

_OPENING_BRACE = re.compile(r"\{(?=[{%])")


def protect(text: str) -> str:
    """Escape text so that Liquid renders it to itself.

    Liquid acts on two openings only, `{{` and `{%`. The first brace of each is replaced by
    a Liquid expression that prints a brace; all else, Keras' `{epoch:02d}` included, stays.

    The usual way, a `raw` tag around the text, is not safe: Liquid 4.0.4, which GitHub
    Pages runs, prints the text before a tag twice where an opening before it was left
    unclosed (`{{ a {% b %}` comes out as `{{ a {{ a {% b %}`), a literal `endraw` ends the
    tag, and Jekyll cuts its automatic excerpts in the middle of it.

    Args:
        text: any text.

    Returns:
        The text, escaped.

    Example:
        >>> protect("{{ x }} and {epoch:02d}")
        '{{ "{" }}{ x }} and {epoch:02d}'

    Source: `lib/liquid.rb` (TemplateParser) and `lib/liquid/tags/raw.rb` of Liquid 4.0.4,
    5.4.0 and 5.13.0.
    """
    return _OPENING_BRACE.sub('{{ "{" }}', text)
