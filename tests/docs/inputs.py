"""Print docs/inputs.md: `python tests/docs/inputs.py > docs/inputs.md`."""

import sys

from bnstat.result.input_warnings import CODES

_HEAD = """\
# Warnings of inputs

Generated from the code by `python tests/docs/inputs.py > docs/inputs.md`.

The sums are exact; but they may be exact about the wrong thing. What a practitioner would want to
know of the inputs before trusting the figures is a warning: a line on stderr, an entry of
`warnings` in the document (its code, the text, and how many images), and a sentence on the page of
`bnstat report`. Where nothing is wrong there is none. A setting that is typed, though it be the
default, answers the warning that names it below: then it does not come.

With `bnstat compute --strict`, any warning is an error: the exit status is 4, and nothing is
written.

"""


# By code, what causes a warning, and what can be done.
_TEXTS = {
    "deep": (
        "Images of more than 8 bits a sample. Gray is measured in full, or rounded to 8 bits where"
        " a pipeline needs that; of color, Pillow gives the upper 8 bits.",
        "Nothing, if it is what the training reads. `torchvision.datasets.ImageFolder` clips such "
        "images; `--mode bands` reads color in full depth.",
    ),
    "transparent": (
        "Images with fully transparent pixels, whose hidden colors counted, as `convert('RGB')` "
        "counts them.",
        "`--alpha exclude` leaves these pixels out, `--alpha over:COLOR` composes over a color; "
        "`--alpha drop` says that it is meant.",
    ),
    "nodata": (
        "Rasters that declare samples as no data, by a value (GDAL_NODATA), or with `--mode bands`"
        " by a mask in the file or a `.msk` beside it; these samples counted.",
        "`--nodata auto` leaves them out; `--nodata none` says that they are meant.",
    ),
    "mask-ignored": (
        "TIFFs with a mask of their own, in the file or as a `.msk` beside it, which Pillow does "
        "not apply: all pixels counted.",
        "`--nodata auto` applies it, by rasterio; `--nodata none` says that all pixels are meant.",
    ),
    "float-outlier": (
        "Float images with a smallest or largest value far from all others: there more than once, "
        "and farther from the next value than the range of all others, or of 1e30 and more. Such "
        "values mostly stand for no data.",
        "`--nodata VALUE`, with the value that the text names, leaves it out.",
    ),
    "alpha-band": (
        "Rasters with a band that is declared alpha and left pixels out; it may be near-infrared.",
        "Without `--nodata auto` and `--alpha exclude` all pixels count.",
    ),
    "palette-indices": (
        "Rasters with a palette, of which `--mode bands` measures the indices, not the colors.",
        "`--mode RGB` measures colors.",
    ),
    "scaled": (
        "GeoTIFFs that declare scale and offset; samples counted as they are stored.",
        "`--mode bands --unscale` applies what each file declares.",
    ),
    "scales-differ": (
        "GeoTIFFs that declare different scales and offsets, as Sentinel-2's before and after "
        "2022: equal stored values do not mean the same, and the figures mix them.",
        "`--mode bands --unscale` applies what each file declares.",
    ),
    "bands": (
        "TIFFs with bands that are neither colors nor alpha, as near-infrared: only the first "
        "bands are read, as gray or as red, green and blue.",
        "`--mode bands` reads all; `--mode RGB` says that three are meant.",
    ),
    "frames": (
        "Files of several frames: pages of a TIFF, animations, pictures of an MPO. The first of "
        "each is measured, as loaders with Pillow read them. Smaller copies, masks and previews in"
        " a file are no frames.",
        "`--frames all` measures each frame as an image of its own, `--frames N:M:STEP` some of "
        "them; `--frames first` says that the first is meant.",
    ),
    "pages": (
        "Rasters of several pages or datasets, of which GDAL reads the first where none is named.",
        "`gdal_translate GTIFF_DIR:2:FILE` takes another page out of a TIFF.",
    ),
    "truncated": (
        "Images that are cut off, measured with `--truncated load`: as PIL's "
        "`LOAD_TRUNCATED_IMAGES` reads them, gray or black where their data have ended.",
        "Without `--truncated load`, they are failures.",
    ),
    "orientation": (
        "Images that have masks and an EXIF orientation. They are measured as they are stored, as "
        "`torchvision.datasets.ImageFolder` loads them, and masks are laid on them so: a mask that"
        " was drawn on the image as it is shown selects other pixels.",
        "Store the images upright (`exiftran -a`, `mogrify -auto-orient`), or the masks as the "
        "images are.",
    ),
    "lossy-masks": (
        "Masks in JPEG files, which do not keep values: beside each edge there are values that "
        "nobody has drawn, and they count as labels.",
        "Store masks as PNG; `--mask-values` takes the values that are meant.",
    ),
    "service-folders": (
        "Folders that programs put beside images, for thumbnails, metadata and deleted files "
        "(`@eaDir`, `#recycle`, `@Recycle`, `.@__thumb`, `.thumbnails`, `$RECYCLE.BIN`, "
        "`__MACOSX`, `lost+found`): what is in them is neither measured nor counted.",
        "Nothing; name such a folder as a SOURCE to have it measured.",
    ),
    "mixed-floats": (
        "Images of float samples beyond [0, 1] beside images of integers: those are taken as they "
        "are stored, these are divided by the largest value of their depth; the figures mix both.",
        "Measure them one by one, or leave out the image that is named: `--exclude`.",
    ),
    "replaced": (
        "Images that an archive stores again later, as `tar -r` and `tar -u` do. The last one of a"
        " name counts, as unpacking leaves it.",
        "Nothing, if it is what training reads.",
    ),
    "not-replaced": (
        "Images that come again in a compressed tar, or in one at a URL, which is read as a "
        "stream: the first one of a name counts, where unpacking leaves the last.",
        "Unpack it, or measure a plain .tar on a disk.",
    ),
    "label-images": (
        "Label images are counted as images: all images in a folder, or with a suffix such as "
        "`_mask`, have at most 32 values, and beside nearly all of them is an image of the same "
        "name and size that has more.",
        "The `--exclude` that the text names leaves them out; `--masks` uses them as masks. "
        "`--include '*'` says that they are meant.",
    ),
    "all-gray": (
        "All images are gray, and mode RGB measures three equal channels.",
        "`--mode L` measures one; `--mode RGB` says that three are meant.",
    ),
    "fewer-bits": (
        "The largest of all 16-bit samples is that of 9 to 14 bits, or up to 1 % less, as of raw "
        "sensors, thermal cameras and CT: they are divided by 65535, and the figures are small.",
        "`--max-value` divides by the sensor's largest value, if that is what the training does; "
        "`--max-value 65535` says that it is not.",
    ),
    "pipeline-unit": (
        "The pipeline makes 16-bit samples of which none is above 255, as `ToDtype(uint16)` does: "
        "they are divided by 65535, and the figures are small.",
        "`ToDtype(uint16, scale=True)`.",
    ),
    "until-not-reached": (
        "All images were measured, and the margins of the random draws are still wider than "
        "`--until` asks for.",
        "More `--epochs`; without a random pipeline, a whole set has no margins.",
    ),
    "mixed-edges": (
        "Pixels are left out by `--alpha exclude` or `--nodata`, and the pipeline resamples the "
        "image: samples beside them are mixed with theirs, and count.",
        "`interpolation=NEAREST` does not mix; `--alpha over:COLOR` mixes with a chosen color.",
    ),
    "links": (
        "Images that are other names of a file that is another image: hard links, or symbolic "
        "links to an image of the source. Each counts as an image of its own.",
        "Leave them out with `--exclude`; `--include '*'` says that they are meant.",
    ),
    "inner-links": (
        "Links to folders of the same source: their images are measured by the folders' own names,"
        " and not a second time by the links.",
        "Nothing; name the link as a SOURCE to have its images measured by that name.",
    ),
    "image-suffixes": (
        "A tar in which most samples have several images, as of WebDataset: `000.jpg` and "
        "`000.mask.png`. All are counted.",
        "`--include` as the text says measures one of each; `--include '*'` says that all are "
        "meant.",
    ),
    "look-alikes": (
        "Numbered images in folders, as of frames of videos, are far more alike within a folder "
        "than across (intraclass correlation above 0.5): new images would bring new folders, so "
        "what is said about chance is too sure, by the factor that the text names.",
        "`--cluster` as the text says; it has standard errors go over the folders.",
    ),
    "link-not-followed": (
        "A link to a folder that contains the source, or to the system's folders.",
        "`--follow-links` follows it.",
    ),
    "pillow": (
        "Pillow warned while it read an image, of damaged metadata for example.",
        "Look at the image that is named; its pixels were read.",
    ),
    "pipeline": (
        "A library warned while it made the pipeline.",
        "Change the transform that it names.",
    ),
}


def page() -> str:
    """Return the whole page."""
    assert _TEXTS.keys() == CODES.keys()
    return _HEAD + "\n".join(map(_section, _TEXTS))


def _section(name: str) -> str:
    (cause, remedy), answered_by = _TEXTS[name], CODES[name].answer
    answer = f"\n\nAnswered by `--{answered_by.replace('_', '-')}`." if answered_by else ""
    return f"## `{name}`\n\n{cause}\n\n{remedy}{answer}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
