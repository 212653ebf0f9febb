"""What a journal knows of a run: image by image, in whatever chunks they were recorded."""

import os

import pytest

from bnstat.journal import Journal


@pytest.fixture
def opened(tmp_path, expected):
    """Open the test's journal."""
    return lambda: Journal.open(os.fspath(tmp_path / "j.db"), {"mode": "L"}, expected())


@pytest.fixture
def run(opened, measured, appearances):
    """Run over images: return the keys that had to be measured, and all moments by key."""

    def go(images, chunk=5, finish=True):
        with opened() as journal:
            unknown, found = [], {}

            def completed(key):
                for met, entry in journal.completed(key):
                    keep(met, entry.views[0])

            def keep(images, parts):
                for part in parts:
                    for i, row in enumerate(part.rows):
                        found[images[row].key] = (
                            part.kind,
                            part.table.n[i].tolist(),
                            part.table.sum_or_mean[i].tolist(),
                            part.table.sumsq_or_m2[i].tolist(),
                        )

            for image in sorted(images):
                if not journal.knows(image, image.fingerprint()):
                    unknown.append(image)
                completed(image.key)
            completed(None)
            for i in range(0, len(unknown), chunk):
                piece = unknown[i : i + chunk]
                parts = measured(piece, 1)
                noted = {"deep": [], "transparent": [], "appearances": appearances(len(piece))}
                journal.record(piece, range(len(piece)), [parts], **noted)
                keep(piece, parts)
            if finish:
                journal.finish()
            assert journal.failure is None
            return [image.key.decode() for image in unknown], found

    return go


@pytest.fixture
def images(image):
    """Make images of the letters of a text."""
    return lambda text: {key: image(key.encode()) for key in text}


def test_all_is_new_at_first_and_known_then(run, images):
    """And its moments are the same."""
    all_ = images("abcdefghijkl").values()
    assert run(all_)[0] == list("abcdefghijkl")
    unknown, found = run(all_)
    assert (unknown, sorted(found)) == ([], [bytes([c]) for c in b"abcdefghijkl"])


def test_new_changed_and_removed_ones_one_by_one(run, images, image, measured):
    """Of a folder that changes between runs only what is new or changed is measured."""
    state = images("acegikmoq")
    run(state.values())
    for new, changed, removed in [("b", "c", "e"), ("zp", "", "aq"), ("e", "bz", ""), ("", "", "")]:
        state |= images(new)
        for key in changed:
            state[key] = image(key.encode(), state[key].version + 1)
        for key in removed:
            del state[key]
        unknown, found = run(state.values(), chunk=2)
        assert unknown == sorted(new + changed)
        assert sorted(found) == sorted(key.encode() for key in state)
        for each in state.values():
            (part,) = measured([each], 1)
            table = part.table
            expected = (
                part.kind,
                [3],
                table.sum_or_mean[0].tolist(),
                table.sumsq_or_m2[0].tolist(),
            )
            assert found[each.key] == expected


def test_a_changed_status_of_the_file_is_a_change(run, image):
    """A file may have been changed and given its old size and time of change."""
    assert run([image(b"a", ctimes=(1,)), image(b"b", ctimes=(1,))])[0] == ["a", "b"]
    assert run([image(b"a", ctimes=(1,)), image(b"b", ctimes=(1, 2))])[0] == ["b"]
    assert run([image(b"a", ctimes=(1,)), image(b"b", ctimes=(1, 2))])[0] == []


def test_removed_ones_are_forgotten_only_by_a_run_that_ended(run, images):
    """Else one that was killed early would have forgotten all that comes later."""
    state = images("abcdef")
    run(state.values())
    run([state["a"]], finish=False)
    assert run(state.values())[0] == []
    run([state["a"]])
    assert run(state.values())[0] == list("bcdef")


def test_memory_does_not_grow_with_the_journal(opened, image, measured, appearances):
    """Entries are at hand only while the run is among their keys, removed images or not."""
    all_ = [image(b"%04d" % i) for i in range(600)]
    with opened() as journal:
        for i in range(0, 600, 6):
            some = all_[i : i + 6]
            noted = {"deep": [], "transparent": [], "appearances": appearances(6)}
            journal.record(some, range(6), [measured(some, 1)], **noted)
    with opened() as journal:
        most = 0
        for each in all_[::7]:
            assert journal.knows(each, each.fingerprint())
            list(journal.completed(each.key))
            most = max(most, len(journal._places))
    assert most <= 12
