"""`--update`: what changes in a file, and that nothing else does."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bnstat.errors import ExportError
from bnstat.targets.config import check_lengths, edit_values, read

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('ab"\\{}[],: é\n', max_size=4), inner, max_size=3)
    ),
)
DOCUMENTS = st.dictionaries(st.text('ab"\\{}[],: é\n', max_size=4), VALUES, max_size=4)
LAYOUTS = st.sampled_from([None, 0, 1, 4, "\t"])
NAMES = st.text("abAB_- ", min_size=1, max_size=4).map(str.strip).filter(bool)
LEAVES = NUMBERS | st.text("ab: #'\"-\n", max_size=4)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)

MEAN = {"image_mean": [0.1, 0.2, 0.3]}


def changed(text, fields=MEAN, syntax="json"):
    return edit_values(text.encode(), syntax, "config", fields).decode()


class TestJson:
    """Files that are JSON."""

    def test_a_list_on_one_line_stays_on_one_line(self):
        """Only its numbers change."""
        before = '{"image_mean": [0.5, 0.5,0.5] , "size" : 1e2}\n'

        assert changed(before) == '{"image_mean": [0.1, 0.2,0.3] , "size" : 1e2}\n'

    def test_a_list_on_many_lines_stays_on_many_lines(self):
        """As Hugging Face writes them."""
        before = json.dumps({"a": 1, "image_mean": [0.5, 0.5, 0.5], "z": {"b": [1, 2]}}, indent=2)
        after = json.dumps({"a": 1, "image_mean": [0.1, 0.2, 0.3], "z": {"b": [1, 2]}}, indent=2)

        assert changed(before) == after

    @pytest.mark.parametrize(
        "numbers",
        ["[\n            A,\n            B,\n            C\n        ]", "[ A,B ,\r\n\tC]"],
        ids=["four spaces", "by hand"],
    )
    def test_a_list_keeps_its_layout(self, numbers):
        """Of an open_clip_config.json, whose lines are indented by four; nothing else changes."""
        text = f'{{\n    "preprocess_cfg": {{\n        "mean": {numbers}\n    }}\n}}\n'
        before = text.replace("A", "0.5").replace("B", "5e-1").replace("C", "5")
        after = text.replace("A", "0.1").replace("B", "0.2").replace("C", "0.3")

        assert changed(before, {"preprocess_cfg": {"mean": [0.1, 0.2, 0.3]}}) == after

    def test_a_list_that_is_new_is_indented_as_the_file_is(self):
        """By four, where all else is."""
        before = json.dumps({"preprocess_cfg": {"size": 224}}, indent=4)
        after = json.dumps({"preprocess_cfg": {"size": 224, "mean": [0.1]}}, indent=4)

        assert changed(before, {"preprocess_cfg": {"mean": [0.1]}}) == after

    def test_a_byte_order_mark_stays(self):
        """Some editors of Windows write one."""
        assert edit_values(b'\xef\xbb\xbf{"a": 1}', "json", "config", {"a": 2}) == (
            b'\xef\xbb\xbf{"a": 2}'
        )

    def test_a_name_that_is_missing_comes_last(self):
        """Laid out like its neighbours."""
        assert changed('{\n    "a": 1\n}\n', {"b": True}) == '{\n    "a": 1,\n    "b": true\n}\n'
        assert changed('{"a": 1}', {"b": 2, "c": 3}) == '{"a": 1, "b": 2, "c": 3}'
        assert changed("{}", {"b": 2, "c": 3}) == '{"b": 2, "c": 3}'

    def test_nested_values(self):
        """Each in its place; what stands beside them stays."""
        before = '{"pretrained_cfg": {"mean": [0.5], "crop_pct": 0.90}, "architecture": "x"}'
        after = (
            '{"pretrained_cfg": {"mean": [0.1], "crop_pct": 0.90, "std": [2]}, "architecture": "x"}'
        )
        fields = {"pretrained_cfg": {"mean": [0.1], "std": [2]}}

        assert changed(before, fields) == after

    def test_what_is_no_mapping_is_replaced_by_one(self):
        """A null is not merged with."""
        assert changed('{"a": null}', {"a": {"b": 1}}) == '{"a": {"b": 1}}'

    def test_the_last_of_equal_names_counts(self):
        """As for every reader."""
        assert changed('{"a": 1, "a": 2}', {"a": 3}) == '{"a": 1, "a": 3}'

    @pytest.mark.parametrize("text", ["", "[1]", "3", "{", '{"a": }', "{'a': 1}"])
    def test_what_is_no_json_object_is_refused(self, text):
        """Nothing is made of it."""
        with pytest.raises(ExportError, match="config"):
            changed(text)

    def test_what_is_no_text_is_refused(self):
        """Bytes that are not UTF-8 are not guessed at."""
        with pytest.raises(ExportError, match="not UTF-8"):
            edit_values(b'{"a": "\xff"}', "json", "config", MEAN)

    @given(DOCUMENTS, DOCUMENTS, LAYOUTS, st.booleans())
    def test_what_is_read_is_the_old_with_the_new(self, document, fields, indent, ascii_only):
        """Whatever the names, values and layout."""
        text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
        found = json.loads(changed(text, fields))

        assert found == merged(document, fields)
        assert list(found)[: len(document)] == list(document)


def merged(document, fields):
    both = dict(document)
    for name, value in fields.items():
        inner = both.get(name)
        nested = isinstance(value, dict) and isinstance(inner, dict)
        both[name] = merged(inner, value) if nested else value
    return both


CONFIG = """\
# Our detector.
_BASE_: "base.yaml"   # relative
MODEL:
  WEIGHTS: "x.pkl"
  PIXEL_MEAN: [1.0, 2.0, 3.0]  # of another set
  PIXEL_STD:
  - 1.0
  - 1.0
  - 1.0   # Caffe's
  MASK_ON: True
INPUT: {FORMAT: BGR}
"""
FIELDS = {"MODEL": {"PIXEL_MEAN": [103.5, 116.25, 123.0], "PIXEL_STD": [57.0, 57.5, 58.0]}}


class TestYaml:
    """Files that are YAML."""

    def test_only_the_values_change(self):
        """Comments, order and all else stay, to the byte."""
        after = CONFIG.replace("[1.0, 2.0, 3.0]", "[103.5, 116.25, 123.0]").replace(
            "PIXEL_STD:\n  - 1.0\n  - 1.0\n  - 1.0 ", "PIXEL_STD:\n  - 57.0\n  - 57.5\n  - 58.0 "
        )

        assert changed(CONFIG, FIELDS, "yaml") == after

    def test_a_name_that_is_missing_comes_last_in_its_mapping(self):
        """In its indentation, or within its braces."""
        fields = {"INPUT": {"MIN": 3}, "MODEL": {"NEW": [1.0]}, "VERSION": 2}
        after = CONFIG.replace("{FORMAT: BGR}", "{FORMAT: BGR, MIN: 3}").replace(
            "  MASK_ON: True\n", "  MASK_ON: True\n  NEW: [1.0]\n"
        )

        assert changed(CONFIG, fields, "yaml") == after.rstrip("\n") + "\nVERSION: 2\n"

    def test_a_file_without_the_mapping(self):
        """It gets one."""
        found = yaml.safe_load(changed("a: 1\n", FIELDS, "yaml"))

        assert found == {"a": 1, **FIELDS}

    def test_small_numbers_stay_numbers(self):
        """YAML 1.1 takes 1e-05 for a text."""
        assert yaml.safe_load(changed("a: 1", {"b": [1e-05]}, "yaml"))["b"] == [1e-05]

    @pytest.mark.parametrize(
        "text",
        [
            "MODEL:\n  A: &a [1.0]\n  PIXEL_MEAN: *a\n",
            "MODEL:\n  PIXEL_MEAN: &a [1.0]\n  A: *a\n",
            "- 1\n",
            "MODEL: [",
            "a: 1\n---\nb: 2\n",
        ],
        ids=["alias", "anchor", "list", "broken", "two documents"],
    )
    def test_what_cannot_be_changed_alone_is_refused(self, text):
        """Nothing is written rather than something else."""
        with pytest.raises(ExportError, match="config"):
            changed(text, FIELDS, "yaml")

    @given(
        st.dictionaries(NAMES, NODES, max_size=4),
        st.dictionaries(NAMES, st.lists(st.floats(0, 255), min_size=1), min_size=1, max_size=3),
        st.sampled_from([None, True, False]),
    )
    def test_what_is_read_is_the_old_with_the_new(self, document, fields, style):
        """Whatever the file; or it is refused."""
        text = yaml.safe_dump(document, default_flow_style=style, sort_keys=False)
        try:
            after = changed(text, fields, "yaml")
        except ExportError:
            return

        found = yaml.safe_load(after)
        assert found == merged(document, fields)
        assert not any(isinstance(v, float) and math.isnan(v) for v in found.values())

    @pytest.mark.parametrize(
        ("text", "start"), [("", ""), ("# x", "# x\n"), ("# x\n", "# x\n")], ids=repr
    )
    def test_a_file_of_comments(self, text, start):
        """What holds no names yet gets them."""
        assert changed(text, {"a": [1.0]}, "yaml") == f"{start}a: [1.0]\n"

    @pytest.mark.parametrize("name", ["[1, 2]", "{b: 1}", "? [1]\n"], ids=repr)
    def test_names_that_are_no_text_stay(self, name):
        """YAML has lists and mappings for names; they are left alone."""
        assert changed(f"{name}: 1\na: 2\n", {"a": 3.0}, "yaml") == f"{name}: 1\na: 3.0\n"
        assert len(read(b"{b: 1}: 1\n{b: 2}: 2\n[b]: 3\n", "yaml", "config")) == 3


class TestLengths:
    """Lists of a number a channel."""

    @pytest.mark.parametrize(
        ("text", "syntax"),
        [('{"m": {"std": [1, 1, 1]}}', "json"), ("m: {std: [1, 1, 1]}", "yaml")],
    )
    def test_they_must_stay_as_long(self, text, syntax):
        """Or the file is for images of other channels."""
        document = read(text.encode(), syntax, "config")
        check_lengths(document, {"m": {"std": [2.0, 2.0, 2.0]}, "new": [1.0]})
        with pytest.raises(ExportError) as refused:
            check_lengths(document, {"m": {"std": [2.0]}})

        assert str(refused.value) == "it has std for 3 channels, and the result has 1"

    @pytest.mark.parametrize("document", [{}, {"m": 0.5}, {"m": None}, [], None])
    def test_what_is_no_list_is_not_counted(self, document):
        """One number is for any number of channels."""
        check_lengths(document, {"m": [1.0, 2.0]})

    def test_names_within_names_take_no_time(self):
        """Each level of a name in a name in a name costs as much as the last."""
        text = "? " * 40 + "a\nb: 1\n"
        assert changed(text, {"b": 2.0}, "yaml") == text.replace("b: 1", "b: 2.0")

    def test_aliases_of_aliases_are_refused(self):
        """Nine lines that come to 10⁹ values are no config."""
        lines = ["a0: &a0 [x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
        with pytest.raises(ExportError, match="has aliases of aliases for more than 100,000"):
            changed("\n".join(lines), {"a": 1.0}, "yaml")
