"""A report as one self-contained HTML page: no script, no request, pictures as data.

page        what stands on it
pictures    pictures in both themes, with their numbers
page.html   the template, in which Jinja2 escapes all values
page.css    its style sheet, the only one that the page's own policy allows
"""

from bnstat.show.page.page import MISSING, Section, Thumbnail, check_jinja, page

__all__ = ["MISSING", "Section", "Thumbnail", "check_jinja", "page"]
