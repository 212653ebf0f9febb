"""A file that is no image is called what it is."""

import gzip
import io
import json
import zipfile

import numpy as np
import pytest


def saved(save):
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def torch_checkpoint(file):
    import torch

    torch.save({"weight": torch.zeros(3)}, file)


def zipped(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", "text")


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"
PAGES = {
    "a Git LFS pointer, not an image; run git lfs pull": [LFS],
    "an HTML page, not an image": [b"<!DOCTYPE html>\n<p>", b"\xef\xbb\xbf\n <HTML lang='en'>"],
    "an SVG drawing": [b"<svg xmlns='x'>", b"<?xml version='1.0'?>\n<!-- x -->\n<svg width='1'>"],
    "an XML file, not an image": [b"<?xml version='1.0'?><annotation/>"],
    "JSON, not an image": [json.dumps({"images": []}).encode(), b"[1, 2]", b'[\n {"a": 1}]'],
    "a HEIF image, a format that is not opened": [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"],
    "a video, not an image": [
        *(b"\0\0\0\x18ftypmp42\0\0\0\0", b"\x1aE\xdf\xa3\x01", b"RIFF\0\1\0\0AVI LIST"),
    ],
    "a NumPy array, not an image": [saved(lambda file: np.save(file, np.zeros(3)))],
    "a NumPy .npz file, not an image": [saved(lambda file: np.savez(file, a=np.zeros(3)))],
    "a zip archive, not an image": [saved(zipped)],
    "a torch checkpoint, not an image": [saved(torch_checkpoint)],
    "a DICOM file, a format that is not opened": [bytes(128) + b"DICM" + bytes(50)],
    "a NIfTI file, a format that is not opened": [
        *(bytes(344) + magic + bytes(50) for magic in (b"n+1\0", b"ni1\0")),
    ],
    "compressed by gzip": [gzip.compress(b"x")],
    "a PDF file, not an image": [b"%PDF-1.7\n"],
    "a Parquet file; name it so that it ends in .parquet": [b"PAR1" + bytes(20)],
}


@pytest.mark.parametrize("what", PAGES)
def test_it_is_called_what_it_is(tmp_path, measured, what):
    """Whatever its name says."""
    for data in PAGES[what]:
        (tmp_path / "x.jpg").write_bytes(data)
        assert measured(tmp_path / "x.jpg").reason == f"is {what}"


@pytest.mark.parametrize("data", [b"", b"a text, of which there are many", bytes(600)])
def test_what_nobody_knows_is_of_no_known_format(tmp_path, measured, data):
    """Of a text nothing is said: it may be any."""
    (tmp_path / "x.jpg").write_bytes(data)
    reason = "is not an image of a known format" if data else "is empty"
    assert measured(tmp_path / "x.jpg").reason == reason


def test_an_image_in_text_is_an_image(tmp_path, measured):
    """A PPM in decimal digits."""
    (tmp_path / "x.ppm").write_bytes(b"P3\n1 1\n255\n1 2 3\n")
    assert measured(tmp_path / "x.ppm").reason is None
