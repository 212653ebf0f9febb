"""What every picture offers, its figures and files, and the colours of pictures and pages.

Colours, of light and dark ones, are told apart by the colour-blind. The hues are those of Okabe and
Ito (*Color Universal Design*, 2008), darker or lighter where the contrast with the background would
be below 3 for lines and 4.5 for text.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bnstat.errors import OutputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Lines of channels differ in style, too.
STYLES: tuple[str, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1)))  # type: ignore[assignment]
# Headings, and rows of text.
TextTable: TypeAlias = tuple[Sequence[str], Sequence[Sequence[str]]]
# In inches; text is 9 points high.
_SIZE = (7.2, 3.4)
_MISSING = "pictures need the package matplotlib: pip install matplotlib"
_NO_DATES = {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None}


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb.

    background, text, muted, grid: of the page; accent: of what stands out; channels: by name;
    others: of channels and rows without a name of their own.
    """

    name: str
    background: str
    text: str
    muted: str
    grid: str
    accent: str
    red: str
    green: str
    blue: str
    others: tuple[str, ...]

    def of_channels(self, channels: Sequence[str]) -> list[str]:
        named = {"R": self.red, "G": self.green, "B": self.blue, "L": self.text, "A": self.muted}
        return [named.get(c, self.others[i % len(self.others)]) for i, c in enumerate(channels)]


LIGHT = Theme(
    *("light", "#ffffff", "#1c2127", "#59636e", "#d9dee3", "#8a4b00"),
    *("#c4500a", "#007a5a", "#0062a3"),
    others=("#0062a3", "#c4500a", "#007a5a", "#a3477d", "#8a6d00", "#36758f"),
)
DARK = Theme(
    *("dark", "#14181d", "#e6e9ec", "#9aa4af", "#333a42", "#ffc46b"),
    *("#ff9b66", "#45d0a3", "#74b9f5"),
    others=("#74b9f5", "#ff9b66", "#45d0a3", "#e59ac6", "#e0c04c", "#9fd3ec"),
)


class Picture(Protocol):
    """Values, and how they are plotted.

    title: a line that says what is shown; description: what it shows, for those who do not see it;
    height: as a multiple of the usual height; table: its numbers, headings and rows of text.
    """

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def height(self) -> float: ...

    def table(self) -> TextTable: ...

    def plot(self, ax: Axes, theme: Theme) -> None: ...


def plot_on(picture: Picture, ax: Axes | None) -> Axes:
    """Plot a picture on axes, or on those of a new figure of pyplot's; return them."""
    check_matplotlib()
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(figsize=(_SIZE[0], _SIZE[1] * picture.height))
    picture.plot(ax, LIGHT)
    ax.set_title(picture.title, loc="left", fontsize=10)
    return ax


def render(picture: Picture, form: str, theme: Theme = LIGHT, *, title: bool = True) -> bytes:
    """Return a picture as a file: "svg", "png" or "pdf"; the same bytes for the same values."""
    with style(theme):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_SIZE[0], _SIZE[1] * picture.height), layout="constrained")
        ax = figure.add_subplot()
        picture.plot(ax, theme)
        if title:
            figure.suptitle(picture.title, x=0.01, ha="left", fontsize=10)
        file = BytesIO()
        # Without a date and the version of matplotlib, equal pictures are equal files.
        nothing: dict[str, Any] = {"svg": {"Date": None, "Creator": None}, "pdf": _NO_DATES}
        figure.savefig(file, format=form, dpi=144, metadata=nothing.get(form, {"Software": None}))
    return file.getvalue()


def check_matplotlib() -> None:
    from importlib.util import find_spec

    if not find_spec("matplotlib"):
        raise OutputError(_MISSING)


@contextmanager
def style(theme: Theme) -> Iterator[None]:
    """Have matplotlib draw in the colors of a theme, the same everywhere."""
    check_matplotlib()
    import matplotlib

    colors = {
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.labelcolor"), theme.text),
        **dict.fromkeys(("ytick.labelcolor", "axes.titlecolor"), theme.text),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), theme.muted),
        **dict.fromkeys(("figure.facecolor", "savefig.facecolor"), theme.background),
        "axes.facecolor": theme.background,
        "grid.color": theme.grid,
    }
    fixed: dict[str, Any] = {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],  # matplotlib's own; SVG adds "sans-serif"
        "font.size": 9,
        "svg.fonttype": "none",
        "svg.hashsalt": "bnstat",
        "pdf.fonttype": 42,
        "axes.linewidth": 0.7,
        "legend.frameon": False,
        "text.parse_math": False,  # a name may hold dollars
    }
    with matplotlib.rc_context(colors | fixed), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the viewer has others
        yield


def plain_axes(ax: Axes, theme: Theme, *, grid: str = "y") -> None:
    """Leave of axes what is needed: two lines, and a faint grid."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis=grid, color=theme.grid, linewidth=0.6)  # type: ignore[arg-type]
    ax.set_axisbelow(True)
    ax.tick_params(length=3, width=0.7)


def write_beside(
    ax: Axes, text: str, at: tuple[float, float], points: tuple[float, float], **how: Any
) -> None:
    """Write text so many points beside a place."""
    ax.annotate(text, at, xytext=points, textcoords="offset points", **({"va": "center"} | how))


def parts(ax: Axes, number: int, *, gap: float = 0.16) -> list[Axes]:
    """Return so many axes one above the other, in the place of one."""
    ax.axis("off")
    height = (1.0 - gap * (number - 1)) / number
    return [
        ax.inset_axes((0.0, 1.0 - (i + 1) * height - i * gap, 1.0, height)) for i in range(number)
    ]


def distinct(
    channels: Sequence[str], figures: Sequence[Hashable]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the names of channels with different figures, and where the first of each is.

    >>> distinct(["R", "G", "B", "A"], [0.5, 0.5, 0.5, 1.0])
    (('R, G, B', 'A'), (0, 3))
    """
    places: dict[Hashable, list[int]] = {}
    for place, figure in enumerate(figures):
        places.setdefault(figure, []).append(place)
    names = tuple(", ".join(channels[i] for i in equal) for equal in places.values())
    return names, tuple(equal[0] for equal in places.values())
