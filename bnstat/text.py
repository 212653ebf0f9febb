"""Names and messages as text on one line."""


def printable(text: str) -> str:
    r"""Return text with escapes for what is not printable: line ends, control characters.

    >>> printable("a\nimport os")
    'a\\nimport os'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def key_text(key: bytes) -> str:
    r"""Return an image key as text; bytes that are not UTF-8 become backslash escapes.

    >>> key_text(b"caf\xe9.jpg")
    'caf\\xe9.jpg'
    """
    return key.decode("utf-8", "backslashreplace")
