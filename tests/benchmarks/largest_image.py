"""What Pillow needs, in bytes, to decode one image, in a process that has done nothing else.

python tests/benchmarks/largest_image.py IMAGE
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image


def main() -> None:
    Image.preinit()
    before = peak()
    with Image.open(sys.argv[1]) as image:
        image.load()
    print(peak() - before)


def peak() -> int:
    """Return the most memory that this process has held at once."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0])


if __name__ == "__main__":
    main()
