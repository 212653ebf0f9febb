"""Outliers and their influence, against numpy and against measuring the set without an image."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import show as reports
from bnstat.errors import DocumentError, SourceError


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Sixty images alike in two folders, and five that are not."""
    top = tmp_path_factory.mktemp("odd") / "data"
    rng = np.random.default_rng(5)
    for name, centre in (("day", 150), ("night", 60)):
        (top / name).mkdir(parents=True)
        for i in range(30):
            pixels = rng.normal(rng.uniform(centre - 15, centre + 15), 20, (12, 10))
            Image.fromarray(np.clip(pixels, 1, 254).astype(np.uint8)).save(
                top / name / f"{i:02}.png"
            )
    night = rng.normal(60, 20, (12, 10))
    Image.fromarray(np.clip(night, 1, 254).astype(np.uint8)).save(top / "day" / "dark.png")
    Image.new("L", (10, 12), 150).save(top / "day" / "one.png")
    pixels = rng.normal(150, 20, (12, 10))
    pixels[:5] = 255
    Image.fromarray(np.clip(pixels, 1, 255).astype(np.uint8)).save(top / "day" / "clipped.png")
    large = rng.normal(60, 20, (120, 100))
    Image.fromarray(np.clip(large, 1, 254).astype(np.uint8)).save(top / "night" / "large.png")
    wide = rng.normal(60, 20, (6, 20))
    Image.fromarray(np.clip(wide, 1, 254).astype(np.uint8)).save(top / "night" / "wide.png")
    return top


@pytest.fixture(scope="module")
def found(odd):
    return bnstat.outliers(odd, mode="L", by="folder", expect=8, workers=1)


def test_planted_images_are_found_with_their_reasons(found):
    """Each planted image is an outlier of its group, and says why."""
    why = {outlier.image: outlier.reasons for outlier in found.found}
    assert ("one color",) == why["day/one.png"]
    assert "darker" in why["day/dark.png"]
    assert "clipped highlights" == why["day/clipped.png"][0]
    assert "10 times larger" == why["night/large.png"][0]
    assert "wider" in why["night/wide.png"]
    assert (65, 5, 5) == (found.images, found.beyond, found.number)


def test_without_groups_a_dark_image_is_like_the_night(odd):
    """Outliers are those of the group: in the whole set, a night image is nothing special."""
    names = [o.image for o in bnstat.outliers(odd, mode="L", workers=1).found]
    assert "day/dark.png" not in names


@pytest.mark.parametrize("name", ["night/large.png", "day/one.png"])
def test_influence_is_what_the_set_is_without_the_image(odd, found, name, tmp_path):
    """The set measured without the image differs by exactly what is said."""
    (outlier,) = [o for o in found.found if o.image == name]
    listed = tmp_path / "rest"
    listed.write_text(
        "\n".join(str(p) for p in sorted(odd.rglob("*.png")) if not str(p).endswith(name))
    )
    whole = bnstat.compute(odd, mode="L", workers=1)
    rest = bnstat.compute(files_from=listed, mode="L", workers=1)
    assert whole.mean[0] - rest.mean[0] == pytest.approx(outlier.influence_on_mean[0], rel=1e-9)
    assert whole.std[0] - rest.std[0] == pytest.approx(outlier.influence_on_std[0], rel=1e-9)


def test_influence_of_float_samples(odd):
    """Under a pipeline of floats and several draws, influences are those of the records."""
    spec = "ToImage | ToDtype(torch.float32, scale=True)"
    exact = {o.image: o for o in bnstat.outliers(odd, mode="L", expect=8, workers=1).found}
    floats = bnstat.outliers(odd, mode="L", augment=spec, epochs=2, expect=8, workers=1).found
    assert {"day/one.png", "night/large.png"} <= exact.keys() & {o.image for o in floats}
    for outlier in floats:
        if outlier.image in exact:
            assert np.allclose(
                outlier.influence_on_std, exact[outlier.image].influence_on_std, rtol=1e-5
            )


def test_a_result_and_a_file_of_records_say_the_same(odd, found, tmp_path):
    """From a folder, from its result, and from its records the outliers are the same."""
    stats = bnstat.compute(odd, mode="L", by="folder", records=tmp_path / "r.parquet", workers=1)
    stats.save(tmp_path / "r.json")
    for source in (stats, tmp_path / "r.json"):
        assert found == bnstat.outliers(source, by="folder", expect=8, workers=1)
    assert found == bnstat.outliers(tmp_path / "r.parquet", expect=8)


def test_what_is_printed(odd, in_process):
    """The strongest come first, with what they do to the figures; the rest is counted."""
    result = in_process(
        "outliers", odd, "--mode", "L", "--by", "folder", "--limit", "1", "--workers", "1"
    )
    lines = result.out.splitlines()
    assert "65 images, of which 1 unlike the rest of their group." == lines[0]
    assert ("day/one.png", "one color") == (lines[3].split()[0], lines[3][-9:])
    assert "4 more with a score above 4: --expect 5." == lines[-1]
    assert 0 == result.status


def test_z_is_told_with_verbose(odd, in_process):
    """A reason stands alone in words; `-v` adds others and how far each is."""
    options = ("outliers", odd, "--mode", "L", "--by", "folder", "--expect", "5", "--workers", "1")
    assert "(z " not in in_process(*options).out
    lines = in_process(*options, "-v").out.splitlines()
    (large,) = [line for line in lines if line.startswith("night/large.png")]
    assert "10 times larger (z +" in large and 2 <= large.count("(z ")


def test_keys_for_xargs_and_json(odd, in_process):
    """`-0` ends each key in NUL; JSON has all that Python has."""
    options = ("--mode", "L", "--by", "folder", "--expect", "5", "--workers", "1")
    keys = in_process("outliers", odd, "-0", *options).out.split("\0")
    assert "" == keys.pop() and "day/one.png" == keys[0]
    document = json.loads(in_process("outliers", odd, "--format", "json", *options).out)
    assert keys == [o["image"] for o in document["outliers"]]
    assert (None, [None]) == (document["outliers"][0]["score"], document["outliers"][0]["z"])
    assert (5, 5, 5) == tuple(document[name] for name in ("expect", "beyond", "number"))


def test_no_outliers(tmp_path):
    """A set of images alike has none, and the report is a line."""
    rng = np.random.default_rng(0)
    for i in range(10):
        Image.fromarray(rng.integers(0, 256, (40, 40), dtype=np.uint8)).save(tmp_path / f"{i}.png")
    found = bnstat.outliers(tmp_path, mode="L", workers=1)
    assert "10 images, of which 0 unlike the rest of their group.\n" == (
        reports.text(reports.report(found))
    )


@pytest.fixture(scope="module")
def records(odd, tmp_path_factory):
    """The records of these images, in a file."""
    file = tmp_path_factory.mktemp("records") / "r.csv"
    bnstat.compute(odd, mode="L", by="folder", records=file, workers=1)
    return file


@pytest.mark.parametrize("of", ["folder", "records"])
def test_outliers_are_shown_small(of, found, records):
    """A notebook shows report and small copies, read again where the records say they are."""
    shown = found if of == "folder" else bnstat.outliers(records, expect=8)
    html = shown._repr_html_()
    assert 5 == html.count('src="data:image/jpeg;base64,')
    assert "10 times larger" in html and "night/large.png" in html
    again = pickle.loads(pickle.dumps(shown))
    assert again == shown and "<img" not in again._repr_html_()


def test_images_that_are_gone_have_no_picture(tmp_path):
    """What cannot be read again is named without a picture."""
    for i in range(20):
        Image.effect_noise((20, 20), 40).save(tmp_path / f"{i}.png")
    Image.new("L", (20, 20)).save(tmp_path / "black.png")
    found = bnstat.outliers(tmp_path, workers=1)
    (tmp_path / "black.png").unlink()
    assert ["black"] == [tile.note for _, tiles in found.sheet().parts for tile in tiles]
    assert "<img" not in found._repr_html_() and "black.png" in found._repr_html_()


def test_a_sheet_is_written(records, odd, tmp_path, in_process):
    """`--sheet` writes a PNG of what is flagged; refused is what is none, or would be an image."""
    sheet = tmp_path / "sheet.png"
    said = in_process("outliers", records, "--expect", "5", "--sheet", sheet)
    assert f"Saved to {sheet}." in said.err
    with Image.open(sheet) as picture:
        assert "PNG" == picture.format and len(picture.getcolors(1 << 16)) > 50
    for wrong, why in ((tmp_path / "a.jpg", "FILE.png"), (odd / "a.png", "would be an image of")):
        refused = in_process("outliers", odd, "--sheet", wrong)
        assert 4 == refused.status and why in refused.err and not wrong.exists()


def test_what_is_not_there(tmp_path, monkeypatch):
    """Without a source it is bnstat.json; a missing file says how to make it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError, match=r"no result document bnstat\.json; make one"):
        bnstat.outliers()
    with pytest.raises(DocumentError, match=r"no file r\.csv; make one"):
        bnstat.outliers("r.csv")
    with pytest.raises(SourceError, match="no folder or file"):
        bnstat.outliers("nowhere")


def test_a_report_shows_them_beside_the_most_influential(odd, tmp_path):
    """With thumbnails, and no more than asked for: here one of 65 is an outlier."""
    records = tmp_path / "r.csv"
    stats = bnstat.compute(odd, mode="L", records=records, workers=1)
    html = bnstat.report(stats, records=records, thumbnails=3)
    unlike = html[html.index("Images unlike the rest") : html.index("Images with the most")]
    assert 1 == unlike.count("<img") and "<small>one color</small>" in unlike
    assert 4 == html.count("data:image/jpeg")


@pytest.mark.parametrize(
    ("colors", "size"),
    [((7, 200), (5, 4)), ((7,) * 30, (5, 4)), (range(8, 240, 8), (1, 1)), ((9,), (1, 1))],
    ids=["two images", "all equal", "single pixels", "a single one"],
)
def test_hardly_anything_to_compare(tmp_path, in_process, colors, size):
    """Two images, equal ones, those of one pixel: none is an outlier, and nothing fails."""
    for i, color in enumerate(colors):
        Image.new("L", size, color).save(tmp_path / f"{i}.png")
    result = in_process("outliers", tmp_path, "--workers", "1")
    assert 0 == result.status and "of which 0 unlike the rest" in result.out


def test_compute_names_what_the_scan_has_shown(tmp_path, in_process, monkeypatch):
    """Of 100 images or more, what moments alone tell; of fewer or through a pipeline, nothing."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    for i in range(100):
        pixels = np.clip(rng.normal(rng.uniform(90, 110), 20, (8, 8)), 1, 254)
        Image.fromarray(pixels.astype(np.uint8)).save(f"{i:03}.png")
    line = "1 image is unlike the rest: bnstat outliers"
    Image.new("L", (8, 8)).save("black.png")
    whole = in_process("compute", ".", "--workers", "1")
    assert line in whole.out.splitlines()
    assert bnstat.outliers(".", workers=1).found[0].image == "black.png"
    few = in_process("compute", ".", "--workers", "1", "--sample", "50", "-o", "few.json")
    drawn = in_process("compute", ".", "--workers", "1", "--augment", "Resize(4)", "-o", "a.json")
    for result in (few, drawn):
        assert 0 == result.status and "unlike" not in result.out
