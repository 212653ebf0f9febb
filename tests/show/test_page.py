"""The page of a report: what stands on it, and what must not."""

import base64
import hashlib
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import DocumentError
from bnstat.result import record_files

HOSTILE = ['<script>alert("x")<|script>.png', "\u202egnp.exe.png", "q'\"&.png", "x" * 251 + ".png"]


VOID = {"meta", "img", "source", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images in two classes, one broken, and four with hostile names."""
    top = tmp_path_factory.mktemp("page") / "data"
    rng = np.random.default_rng(1)
    for i in range(40):
        name = ("cats", "dogs")[i % 2]
        (top / name).mkdir(parents=True, exist_ok=True)
        pixels = np.clip(rng.normal(rng.uniform(90, 160), 30, (8, 8, 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(top / name / f"{i:02}.png")
    for name in HOSTILE:
        Image.new("RGB", (8, 8), (1, 2, 3)).save(top / name)
    (top / "broken <b>.png").write_bytes(b"no image")
    return top


@pytest.fixture(scope="module")
def measured(folder, tmp_path_factory):
    """The result with groups, and its records."""
    path = tmp_path_factory.mktemp("records") / "r.csv"
    stats = bnstat.compute(folder, by="folder", records=path, batch_size=4, workers=1)
    return stats, record_files.read(str(path))


@pytest.fixture(scope="module")
def html(measured):
    stats, records = measured
    return bnstat.report(stats, records=records, thumbnails=6)


@pytest.fixture(scope="module")
def plain(measured):
    """The page without thumbnails."""
    return bnstat.report(measured[0], records=measured[1])


def test_the_answer_comes_first(html, measured):
    """The constants are the first figures on the page, ready to copy."""
    words, stats = Page(html).words, measured[0]
    constants = "mean=[{}], std=[{}]".format(
        *(", ".join(f"{v:.6f}" for v in values) for values in (stats.mean, stats.std))
    )
    assert constants in words
    assert words.index(constants) < words.index("Images 44 measured, 1 failed")
    assert "exact (two-pass)" in words


def test_its_own_policy_allows_its_style_and_nothing_else(html):
    """No script, no handler, no style attribute, no address; the hash is that of the style."""
    page = Page(html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [value for name, value in page.attributes if name == "content"]
    expected = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:"
    assert expected in policies
    assert not {"script", "link", "iframe", "object", "form", "a"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert "style" not in names and not any(name.startswith("on") for name in names)
    sources = [v for name, v in page.attributes if name in ("src", "srcset", "href")]
    assert sources and all(source.startswith("data:image/") for source in sources)


def test_pictures_have_words_numbers_and_two_styles(html):
    """Each picture has a description, a table, and a dark twin."""
    page = Page(html)
    assert 5 == page.tags.count("figure") == page.tags.count("picture") == page.tags.count("source")
    assert page.tags.count("details") == 5
    described = [v for name, v in page.attributes if name == "alt" and v]
    assert 5 == len(described)
    assert [] == page.open


def test_hostile_names_are_text(html):
    """Names with tags and quotes are shown, and are no markup; directions are isolated."""
    words = Page(html).words
    assert 'alert("x")' in words and "broken <b>.png" in words
    assert "<script" not in html
    assert "\u202e" not in html  # escaped: it would turn what follows around


def test_thumbnails_are_off_unless_asked_for(html, plain, measured):
    """They are small JPEGs of the most influential images; without them no pixel is copied."""
    assert 6 == html.count("data:image/jpeg;base64,")
    assert "data:image/jpeg" not in plain
    with pytest.raises(ValueError, match="thumbnails need the records"):
        bnstat.report(measured[0], thumbnails=3)


def test_the_same_page_for_the_same_result(plain, measured):
    """Its bytes depend on the result alone, and it is small."""
    assert plain == bnstat.report(measured[0], records=measured[1])
    assert len(plain.encode()) < 500_000


def test_panels_that_need_records_say_so(measured):
    """Without records, a line names the option that brings them."""
    words = Page(bnstat.report(measured[0])).words
    assert words.count("--records FILE") == 2


def test_several_results_are_compared(measured, folder):
    """The verdicts and the differences stand below the constants of the first."""
    other = bnstat.compute(folder, augment="Grayscale(3)", workers=1)
    words = Page(bnstat.report(measured[0], other)).words
    assert re.search(r"Side by side\s.*\| Grayscale\(3\) (differs from|shifts) ", words, re.DOTALL)
    assert words.index("mean=[") < words.index("Side by side") < words.rindex("mean=[")
    assert 2 == words.count("Values of ")


def test_sixteen_bits_floats_and_a_selection(tmp_path):
    """16 bits are binned; what has no histogram says so; a selection is named."""
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 65536, (5, 5), dtype=np.uint16)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    stats = bnstat.compute(tmp_path, mode="L", nodata=0, workers=1)
    words = Page(bnstat.report(stats)).words
    assert "Values of " in words
    floats = replace(stats, scale=1, sparse_histogram=None)
    assert "No histogram: only 8- and 16-bit samples" in Page(bnstat.report(floats)).words
    assert "without nodata 0" in words and "divided by 65,535" in words
    assert "pixels were selected" in words


def test_an_empty_shard(folder):
    """A result without figures makes a page that says so."""
    empty = next(
        stats
        for i in range(1, 300)
        if not any((stats := bnstat.compute(folder / "cats", shard=(i, 300), workers=1)).count)
    )
    assert "Nothing was measured: there are no figures." in Page(bnstat.report(empty)).words


def test_a_sample_shows_its_margin(folder):
    """Of a sample, the margin stands beside the figures, and where it is on the curve."""
    stats = bnstat.compute(folder, sample=20, workers=1)
    words = Page(bnstat.report(stats)).words
    assert "Sample 20 of 45 (20), seed 0" in words and "±" in words


def test_colors_of_the_page(contrast):
    """Each colour of text on the page has a contrast of 4.5 or more with its background."""
    from bnstat.show.page import _file

    light, dark = re.findall(r":root \{(.*?)\}", _file("page.css"), re.DOTALL)
    for colors in (light, dark):
        known = dict(re.findall(r"--(\w+): (#\w+);", colors))
        for ground in ("background", "soft"):
            for name in ("text", "muted", "good", "warning", "bad"):
                assert contrast(known[name], known[ground]) >= 4.5, (name, ground)


def test_plot_writes_files_and_draws_on_axes(measured, tmp_path):
    """Pictures are to be had alone: as files, and on axes as people expect."""
    stats, records = measured
    for kind in ("histogram", "batchnorm", "margin", "images", "groups"):
        assert bnstat.plot(stats, kind, records=records, output=tmp_path / f"{kind}.svg") is None
        assert (tmp_path / f"{kind}.svg").read_text().startswith("<?xml")
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert stats.plot("histogram", ax=ax) is ax and ax.lines
    assert bnstat.compare(stats, to="imagenet").plot(Figure().add_subplot()).get_title(loc="left")
    with pytest.raises(ValueError, match="no picture 'pie'; there are histogram"):
        bnstat.plot(stats, "pie")
    with pytest.raises(DocumentError, match="drawn from records"):
        bnstat.plot(stats, "images")
    with pytest.raises(ValueError, match=r"'x\.gif' is neither \.svg, \.png nor \.pdf"):
        bnstat.plot(stats, output="x.gif")


def test_running_values_end_where_the_document_says(measured):
    """The lines of BatchNorm end at the values that the document has, replayed from the records."""
    from bnstat.measure.plot_data import picture

    stats, records = measured
    drawn = picture("batchnorm", stats, records)
    estimate = stats.methods["batchnorm"]
    assert np.allclose([line[-1] for line in drawn.mean], estimate.mean, rtol=1e-9)
    assert np.allclose([line[-1] for line in drawn.var], estimate.var, rtol=1e-9)
    assert len(drawn.mean[0]) == estimate.batches


def test_without_the_packages(measured, monkeypatch, in_process, tmp_path):
    """One line says which packages are missing, before anything is done."""
    import importlib.util

    find = importlib.util.find_spec
    missing = ("jinja2", "matplotlib")
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name in missing else find(name, *rest),
    )
    measured[0].save(tmp_path / "r.json")
    for arguments in (("report", tmp_path / "r.json"), ("plot", "histogram", tmp_path / "r.json")):
        result = in_process(*arguments, "-o", tmp_path / "x.svg")
        assert 4 == result.status and "pip install matplotlib" in result.err
    assert not (tmp_path / "x.svg").exists()


def test_command_line(folder, tmp_path, monkeypatch, in_process):
    """`compute --report` and `report` write the same page; thumbnails need records."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder / "cats", "cats")
    options = ("--workers", "1", "-q", "--records", "r.parquet", "--report", "a.html")
    assert 0 == in_process("compute", "cats", *options).status
    assert 0 == in_process("report", "-o", "b.html", "--records", "r.parquet").status
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    result = in_process("report", "--thumbnails", "3")
    assert 2 == result.status and "--thumbnails needs --records" in result.err
    assert in_process("report", "-o", "-").out.startswith("<!doctype html>")
    assert 4 == in_process("plot", "images").status
    for _ in range(2):  # a picture is written over an older one
        assert 0 == in_process("plot", "histogram", "-o", "h.png").status


@pytest.mark.long
def test_in_a_browser(html, tmp_path):
    """A real browser shows the page, asks for nothing and runs nothing."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium")
    (tmp_path / "page.html").write_text(html)
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--v=0"]
    shown = subprocess.run(
        [*command, "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "The constants" in shown.stdout
    assert "Refused to" not in shown.stderr and "Content Security Policy" not in shown.stderr
    replaced = html.replace("</main>", "<script>document.title='ran'</script></main>")
    (tmp_path / "page.html").write_text(replaced)
    shown = subprocess.run(
        [*command, "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "<title>ran" not in shown.stdout  # the page's own policy forbids it
