"""Names: which are images, and members' names as keys."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.sources.naming import is_hidden, member_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (b"x.png", b"x.png"),
        (b"./x.png", b"x.png"),
        (b"/etc/x.png", b"etc/x.png"),
        (b"//x.png", b"x.png"),
        (b"../x.png", b"x.png"),
        (b"../../../x.png", b"x.png"),
        (b"a/../x.png", b"x.png"),
        (b"a//b/./x.png", b"a/b/x.png"),
        (b"a..b/..c.png", b"a..b/..c.png"),
        (b"C:\\x.png", b"C:\\x.png"),
        (b"..", b""),
    ],
)
def test_names_lead_nowhere_else(name, key):
    """A member's name becomes a path below the archive's root."""
    assert member_key(name) == key


@given(st.lists(st.sampled_from([b"a", b"b.png", b".", b"..", b"", b".h"])).map(b"/".join))
def test_names_are_those_that_posix_gives_below_a_root(name):
    """The oracle: joined to a root, a path cannot leave it."""
    assert b"/" + member_key(name) == posixpath.normpath(b"/" + name.lstrip(b"/"))


@pytest.mark.parametrize(
    ("key", "hidden"),
    [(b"a/.x.png", True), (b".a/x.png", True), (b"a.b/c.png", False), (b"a/b..png", False)],
)
def test_hidden_is_what_begins_with_a_dot(key, hidden):
    """A file is hidden by its own name, or by that of a folder above."""
    assert is_hidden(key) == hidden
