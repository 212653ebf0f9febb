"""Names and messages as text on one line, without secrets; values that show themselves.

How a value shows itself is known to rooms above those that have it; the package tells it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*(://|::.*://)")
# Protocols in whose URLs something else than a user stands before an @.
_NO_USER = "github|git|hf|abfs|abfss|wasb|wasbs|adl|memory|file|local|zip|tar"
# With one slash, as paths of the system have it.
_USER = rf"(?<![\w+.-])(?!(?:{_NO_USER}):/)([A-Za-z][\w+.-]*)(://?)([^/?#\s]*)@"
_PARAMETER = r"([?&;#])([^=&;#\s?]+)=([^&;#\s]+)"
# No server is sent what stands behind a #, but people keep tokens there.
_FRAGMENT = r"(?i)(https?:/[^\s#]*)#(?![\w.]+=)([^\s#'\"]+?)(?=[:,;]?(?:\s|['\"]|$))"
_SECRET = (
    r"(?i).*(token|secret|passw|passphrase|pwd|signature|credential|session"
    r"|(api|access|private|account|subscription)[-_]?key).*|(x[-_])?(sig|sas|auth|authorization|jwt)"
)
# Names that may be those of secrets or of files, and how values end that are files.
_KEY, _FILE = "(?i)key|pass|code", r"\.[A-Za-z]\w{1,4}$"
_HIDDEN = "***"


def printable(text: str) -> str:
    r"""Return text with escapes for what is not printable: line ends, control characters.

    >>> printable("a\nimport os")
    'a\\nimport os'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str) -> str:
    """Return text of at most 60 characters, cut off where it is longer."""
    return text if len(text) <= 60 else text[:57] + "..."


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    >>> with_article("int"), with_article("dict")
    ('an int', 'a dict')
    """
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def pluralize(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number and its noun.

    >>> pluralize(1, "image"), pluralize(2000, "batch", "batches")
    ('1 image', '2,000 batches')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names that are most like a name, in any case.

    >>> nearest("colorjiter", ["ColorJitter", "Resize"])
    ['ColorJitter']
    """
    import difflib

    lower = {each.lower(): each for each in known}
    return [lower[near] for near in difflib.get_close_matches(name.lower(), lower, n=most)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message on a name that is not known; empty if none is like it."""
    return "".join(f"; did you mean {near}?" for near in nearest(name, known))


def key_text(key: bytes) -> str:
    r"""Return a key or a location as it may be written and shown: the one way from bytes to text.

    Bytes that are not UTF-8 become backslash escapes; what gives access in URLs becomes ***.

    >>> key_text(b"caf\xe9.jpg"), key_text(b"http://me:s3cret@host/a.jpg")
    ('caf\\xe9.jpg', 'http://***@host/a.jpg')
    """
    return without_credentials(key.decode("utf-8", "backslashreplace"))


def is_url(location: bytes) -> bool:
    """Whether a location begins with a protocol, and is for fsspec to open."""
    return _URL.match(location) is not None


def without_credentials(text: str) -> str:
    """Return text with *** for what gives access in URLs: users, passwords, tokens, signatures.

    >>> without_credentials("http://me:s3cret@host/a.tar?se=2026&sig=dGhpcw%3D")
    'http://***@host/a.tar?se=2026&sig=***'
    """
    if ":/" not in text:
        return text
    text = re.sub(_FRAGMENT, _without_fragment, re.sub(_USER, _without_user, text))
    return re.sub(_PARAMETER, _without_secret, text)


def lacks_credentials(text: str) -> bool:
    """Whether a URL is one of which credentials were left out."""
    hidden = re.escape(_HIDDEN)
    return ":/" in text and bool(re.search(rf":/+{hidden}@|[=#]{hidden}(?:[&;#:\s]|$)", text))


def _without_user(found: re.Match[str]) -> str:
    """Leave out a user with a password; but one alone, which is no secret, on the web only."""
    protocol, slashes, user = found.groups()
    if ":" in user or protocol.lower() in ("http", "https"):
        return f"{protocol}{slashes}{_HIDDEN}@"
    return found[0]


def _without_secret(found: re.Match[str]) -> str:
    from urllib.parse import unquote

    name = unquote(found[2])
    secret = re.fullmatch(_SECRET, name) is not None
    secret = secret or bool(re.fullmatch(_KEY, name) and not re.search(_FILE, unquote(found[3])))
    return f"{found[1]}{found[2]}={_HIDDEN}" if secret else found[0]


def _without_fragment(found: re.Match[str]) -> str:
    return found[0] if re.search(_FILE, found[2]) else f"{found[1]}#{_HIDDEN}"


class Displayed:
    """A value that a session, a notebook and rich's print show as its report.

    `_load_renderer` gives a module with `text`, `html` and `renderable` of values; the package
    names it.
    """

    _load_renderer: ClassVar[Callable[[], Any]]

    def __repr__(self) -> str:
        """Return its report as plain text."""
        return str(Displayed._load_renderer().text(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return str(Displayed._load_renderer().html(self))

    def __rich__(self) -> object:
        """Return what rich prints."""
        return Displayed._load_renderer().renderable(self)
