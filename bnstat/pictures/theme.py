"""Colours of pictures and pages, light and dark, told apart by the colour-blind.

The hues are those of Okabe and Ito (*Color Universal Design*, 2008), darker or lighter where the
contrast with the background would be below 3 for lines and 4.5 for text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Lines of channels differ in style, too.
STYLES: tuple[str, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1)))  # type: ignore[assignment]


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
        """Return the colour of each channel."""
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
