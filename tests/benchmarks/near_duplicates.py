"""Copies planted among photographs and small crops of them: how many are found, and what else.

    python tests/benchmarks/near_duplicates.py PHOTOS [--small 19000] [--sheet FILE.png]
    python tests/benchmarks/near_duplicates.py --scans PHOTOS --mnist FOLDER
    python tests/benchmarks/near_duplicates.py --hashes 1000000 --equal 100000

Of each kind as many: encoded anew, half the size, cropped by 5 % of each side, a tenth brighter, a
tenth darker. A pair that was not planted is not always wrong, as photographs have near-duplicates
of their own: pairs of crops of several photographs are drawn beside these, to be looked at. Times
are user and system time; scans with and without hashes are alternated.
"""

import argparse
import io
import os
import random
import resource
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

import bnstat
from bnstat.estimators.near_sets import Candidates
from bnstat.measure.measured import Hashing
from bnstat.measure.scanning import measure
from bnstat.settings import Settings, complete
from bnstat.sources.opening import open_sources


def encoded(image, rng):
    file = io.BytesIO()
    image.save(file, "JPEG")
    return Image.open(file)


def half(image, rng):
    size = max(1, image.width // 2), max(1, image.height // 2)
    return image.resize(size, Image.Resampling.BICUBIC)


def cropped(image, rng):
    """Cut off 5 % of width and height, somewhere at both sides."""
    cuts = [round(0.05 * side) for side in image.size]
    left, top = (rng.randint(0, cut) for cut in cuts)
    return image.crop((left, top, image.width - cuts[0] + left, image.height - cuts[1] + top))


def brighter(image, rng):
    return ImageEnhance.Brightness(image).enhance(1.1)


def darker(image, rng):
    return ImageEnhance.Brightness(image).enhance(0.9)


KINDS = (encoded, half, cropped, brighter, darker)


def photographs(folder, rng):
    """Return the files of photographs of some size, in random order."""
    paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    rng.shuffle(paths)
    for path in paths:
        with Image.open(path) as image:
            if min(image.size) >= 128:
                yield path


def with_content(image, rng):
    """Return a random crop of 32 pixels with as many gray levels as images of CIFAR have, or None.

    Among the photographs are charts, of which crops are flat, or have a single edge.
    """
    for _ in range(20):
        x, y = rng.randint(0, image.width - 32), rng.randint(0, image.height - 32)
        crop = image.crop((x, y, x + 32, y + 32))
        if crop.convert("L").entropy() >= 5:
            return crop
    return None


def make(folder, photos, small, copies, rng):
    """Write small crops and copies; return the planted pairs: name and kind by the copy's name."""
    originals = list(photographs(photos, rng))
    crops = Path(folder, "small")
    planted = Path(folder, "copies")
    crops.mkdir()
    planted.mkdir()
    names = []
    each = -(-small // len(originals))
    for number, path in enumerate(originals):
        with Image.open(path) as file:
            file.draft("RGB", (512, 512))
            image = file.convert("RGB")
            image.thumbnail((512, 512))
            for place in range(min(each, small - len(names))):
                crop = with_content(image, rng)
                if crop is not None:
                    names.append(crops / f"{number:04}-{place:03}.png")
                    crop.save(names[-1])
    chosen = rng.sample(originals, min(len(originals), copies // 2))
    chosen += rng.sample(names, min(len(names), copies - len(chosen)))
    pairs = {}
    for number, path in enumerate(chosen):
        kind = KINDS[number % len(KINDS)]
        with Image.open(path) as image:
            copy = kind(image.convert("RGB"), rng)
        name = planted / f"{number:04}-{kind.__name__}.png"
        copy.save(name, compress_level=1)
        pairs[str(name)] = str(path), kind.__name__, path.parent == crops
    return crops, planted, pairs


def cpu():
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def sets_of(*sources):
    """Return the sets that are found."""
    start = cpu()
    found = bnstat.duplicates(*sources, near=True)
    print(
        f"{found.images} images, {found.candidates} candidates, {len(found.sets)} sets, "
        f"{sum(len(each.images) for each in found.sets)} images in them, {cpu() - start:.1f} s",
        flush=True,
    )
    return found.sets


def planting(photos, small, copies, seed, sheet):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        crops, planted, pairs = make(folder, photos, small, copies, rng)
        before, after = sets_of(photos, crops), sets_of(photos, crops, planted)
        found, wanted = Counter(), Counter()
        together = [set(map(os.path.abspath, each.images)) for each in after]
        for copy, (original, kind, is_small) in pairs.items():
            of = f"{kind}, {'32 pixels' if is_small else 'photographs'}"
            wanted[of] += 1
            found[of] += any({copy, os.path.abspath(original)} <= each for each in together)
        for of in sorted(wanted):
            print(f"  {of}: {found[of]} of {wanted[of]}")
        print(f"recall {found.total() / wanted.total():.3f} (target .95)")
        joined = [(pair.image, pair.other) for each in before for pair in each.pairs]
        of_crops = [pair for pair in joined if all(name.startswith(str(crops)) for name in pair)]
        several = [pair for pair in of_crops if len(set(map(photograph, pair))) > 1]
        print(f"pairs without copies: {len(joined)}, {len(of_crops)} of crops of 32 pixels,")
        print(
            f"  {len(several)} of them of several photographs: {sheet or '--sheet FILE'} shows them"
        )
        if sheet:
            draw(several, list(photographs(photos, random.Random(seed)))).save(sheet)


def photograph(crop):
    """Return the number of the photograph that a crop is of."""
    return int(Path(crop).name.split("-")[0])


def draw(pairs, originals, side=96, columns=3):
    """Return a sheet of pairs of crops, each two beside the photographs that they are of."""
    sheet = Image.new("RGB", (columns * 4 * side, -(-len(pairs) // columns) * (side + 4)), "white")
    for number, pair in enumerate(pairs):
        row, column = divmod(number, columns)
        names = [*pair, *(originals[photograph(name)] for name in pair)]
        for place, name in enumerate(names):
            with Image.open(name) as image:
                tile = image.convert("RGB").resize((side, side))
            sheet.paste(tile, ((4 * column + place) * side, row * (side + 4)))
    return sheet


def scans(photos):
    """Print what hashes add to a scan."""
    settings = complete(Settings, {"workers": 1})
    times = {None: [], Hashing(): []}
    for _ in range(3):
        for hashing, spent in times.items():
            start = cpu()
            measure(open_sources([photos], settings), [None], settings, hashing=hashing)
            spent.append(cpu() - start)
    without, with_hashes = map(min, times.values())
    print(f"scan {without:.2f} s, with hashes × {with_hashes / without:.3f} (target 1.07)")


def hashes(number):
    """Search random hashes, whose corners differ from the whole in four bits."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**64, number, dtype=np.uint64)
    bits = np.uint64(1) << rng.integers(0, 64, (4, number, 4), dtype=np.uint64)
    corners = words[:, None] ^ np.bitwise_xor.reduce(bits)
    start = cpu()
    found = Candidates(words, corners, words[:0], 11)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{number:,} hashes: {len(found.images)} candidates, {cpu() - start:.0f} s (target 120), "
        f"{peak:.2f} GB (target 1)"
    )


def equal(number):
    """Search as many files with one picture: they are one set, not as many pairs."""
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((32, 32))
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "0.png")
        picture.save(first)
        for copy in range(1, number):
            shutil.copy(first, Path(folder, f"{copy}.png"))
        sets_of(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="?")
    parser.add_argument("--small", type=int, default=19_000)
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", metavar="FILE.png")
    parser.add_argument("--scans", metavar="FOLDER")
    parser.add_argument("--mnist", metavar="FOLDER")
    parser.add_argument("--hashes", type=int)
    parser.add_argument("--equal", type=int)
    asked = parser.parse_args()
    if asked.hashes:
        hashes(asked.hashes)
    if asked.equal:
        equal(asked.equal)
    if asked.photos:
        planting(asked.photos, asked.small, asked.copies, asked.seed, asked.sheet)
    if asked.scans:
        scans(asked.scans)
    if asked.mnist:
        sets_of(asked.mnist)
