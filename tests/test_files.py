"""Writing a file whole or not at all, on a real file system."""

import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bnstat.errors import OutputError
from bnstat.files import check_writable, replacing, write

as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Return what sets the umask until the test ends."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


class TestWrite:
    """Readers see the old file or the new one."""

    def test_a_new_file(self, tmp_path):
        """The bytes as they are, and nothing beside them."""
        write(tmp_path / "new", b"a\r\n\x00\xff")

        assert (tmp_path / "new").read_bytes() == b"a\r\n\x00\xff"
        assert names(tmp_path) == ["new"]

    def test_an_old_file_is_replaced(self, tmp_path):
        """However much longer it was."""
        (tmp_path / "old").write_bytes(b"x" * 100_000)
        write(tmp_path / "old", b"new")

        assert (tmp_path / "old").read_bytes() == b"new"
        assert names(tmp_path) == ["old"]

    def test_nothing_can_be_written(self, tmp_path):
        """An empty file is a file."""
        write(tmp_path / "empty", b"")

        assert (tmp_path / "empty").read_bytes() == b""

    def test_who_has_the_old_file_open_reads_on(self, tmp_path):
        """The new file is another one: a reader never sees a part of each."""
        path = tmp_path / "old"
        path.write_bytes(b"old content")
        with path.open("rb") as reader:
            first = reader.read(3)
            write(path, b"NEW CONTENT")
            assert first + reader.read() == b"old content"

    def test_relative_paths(self, tmp_path, monkeypatch):
        """A bare name stands in the current folder."""
        monkeypatch.chdir(tmp_path)
        write(Path("bare"), b"1")

        assert (tmp_path / "bare").read_bytes() == b"1"

    @pytest.mark.parametrize(
        "name", [b"x" * 255, "ñ".encode() * 127, "😀".encode() * 63, b"caf\xe9\xff", b"-x", b"a\nb"]
    )
    def test_any_name_that_the_file_system_takes(self, tmp_path, name):
        """The longest names too, in any script: the temporary file's name is short enough."""
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        write(path, b"1")

        assert os.listdir(os.fsencode(tmp_path)) == [name]


class TestPermissions:
    """A file keeps its own; a new one has what any new file has."""

    @pytest.mark.parametrize("own", [0o600, 0o644, 0o755, 0o440])
    def test_those_of_the_old_file_stay(self, tmp_path, own):
        """Whatever the umask."""
        path = tmp_path / "old"
        path.write_bytes(b"1")
        path.chmod(own)
        write(path, b"2")

        assert mode(path) == own

    @pytest.mark.parametrize(
        ("mask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0o000, 0o666)]
    )
    def test_a_new_file_obeys_the_umask(self, tmp_path, umask, mask, expected):
        """Not the 0600 of temporary files; and the umask is left as it was."""
        umask(mask)
        write(tmp_path / "new", b"1")

        assert mode(tmp_path / "new") == expected
        assert umask(mask) == mask


class TestLinks:
    """A link is followed and stays one."""

    def test_the_file_behind_a_link_is_written(self, tmp_path):
        """In its own folder, with its own permissions."""
        (tmp_path / "far").mkdir()
        target = tmp_path / "far" / "target"
        target.write_bytes(b"old")
        target.chmod(0o640)
        (tmp_path / "link").symlink_to(target)
        write(tmp_path / "link", b"new")

        assert (tmp_path / "link").is_symlink()
        assert (target.read_bytes(), mode(target)) == (b"new", 0o640)
        assert names(tmp_path / "far") == ["target"]

    def test_a_chain_of_relative_links(self, tmp_path):
        """To its end."""
        (tmp_path / "a").write_bytes(b"old")
        (tmp_path / "b").symlink_to("a")
        (tmp_path / "c").symlink_to("b")
        write(tmp_path / "c", b"new")

        assert [(tmp_path / name).is_symlink() for name in "abc"] == [False, True, True]
        assert (tmp_path / "a").read_bytes() == b"new"

    def test_a_link_to_nothing_makes_the_file(self, tmp_path):
        """Where the link says, as the shell's > does."""
        (tmp_path / "link").symlink_to(tmp_path / "target")
        write(tmp_path / "link", b"new")

        assert (tmp_path / "target").read_bytes() == b"new"
        assert (tmp_path / "link").is_symlink()


class TestWhatIsNoRegularFile:
    """Devices and pipes are written to, not replaced."""

    @pytest.fixture
    def device(self, tmp_path):
        """Return what gives a device; root, who could replace the real one, gets another."""

        def give(name, minor):
            if os.geteuid() != 0 and (Path("/dev") / name).exists():
                return Path("/dev") / name
            try:
                os.mknod(tmp_path / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
                (tmp_path / name).open("wb").close()
            except OSError:
                pytest.skip("no devices can be made here")
            return tmp_path / name

        return give

    def test_dev_null_stays_a_device(self, device):
        """It takes everything."""
        null = device("null", 3)
        write(null, b"x" * 100_000)

        assert stat.S_ISCHR(null.stat().st_mode)

    def test_a_full_device_is_an_error(self, device):
        """With the system's reason."""
        full = device("full", 7)
        with pytest.raises(OutputError) as refused:
            write(full, b"x")

        assert str(refused.value) == f"cannot write {full}: No space left on device"

    def test_a_pipe_gets_the_bytes(self, tmp_path):
        """Whoever reads at its other end."""
        os.mkfifo(tmp_path / "pipe")
        reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
        write(tmp_path / "pipe", b"through")

        assert reader.communicate()[0] == b"through"
        assert names(tmp_path) == ["pipe"]


# Both ways to find out: before the work, and when it is done.
each_way = pytest.mark.parametrize(
    "attempt", [lambda path: write(path, b"new"), check_writable], ids=["write", "check_writable"]
)


class TestRefusal:
    """What cannot be written is told in one line, before the work as after it."""

    @each_way
    def test_a_missing_folder(self, tmp_path, attempt):
        """It is not made."""
        path = tmp_path / "missing" / "x"
        with pytest.raises(OutputError) as refused:
            attempt(path)

        assert str(refused.value) == f"cannot write {path}: No such file or directory"
        assert names(tmp_path) == []

    @each_way
    def test_a_file_for_a_folder(self, tmp_path, attempt):
        """A path through a file."""
        (tmp_path / "file").write_bytes(b"1")
        with pytest.raises(OutputError, match=r"/file/x: Not a directory$"):
            attempt(tmp_path / "file" / "x")

    @each_way
    def test_a_folder(self, tmp_path, attempt):
        """It is left as it is."""
        (tmp_path / "folder").mkdir()
        with pytest.raises(OutputError, match=r"^cannot write .*/folder: "):
            attempt(tmp_path / "folder")

        assert names(tmp_path / "folder") == []

    @as_user
    @each_way
    def test_a_folder_that_is_read_only(self, tmp_path, attempt):
        """The old file in it stays."""
        path = tmp_path / "x"
        path.write_bytes(b"old")
        tmp_path.chmod(0o555)
        with pytest.raises(OutputError) as refused:
            attempt(path)

        assert str(refused.value) == f"cannot write {path}: Permission denied"
        assert path.read_bytes() == b"old"

    @pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc")
    @each_way
    def test_a_folder_where_nobody_can_make_a_file(self, attempt):
        """Not even root."""
        with pytest.raises(OutputError, match=r"^cannot write /proc/self/x: "):
            attempt(Path("/proc/self/x"))

    def test_what_can_be_written_passes_the_check(self, tmp_path):
        """And leaves no trace: no file is made, none is touched."""
        (tmp_path / "old").write_bytes(b"old")
        before = (tmp_path / "old").stat()
        for path in (tmp_path / "old", tmp_path / "new", Path(os.devnull)):
            check_writable(path)

        assert names(tmp_path) == ["old"]
        assert (tmp_path / "old").stat() == before


CHILD = """\
import resource, sys
from pathlib import Path
from bnstat.errors import OutputError
from bnstat.files import write

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write(Path(sys.argv[1]), b"new" * 10_000)
except OutputError as error:
    print(error)
"""


class TestFailureInTheMiddle:
    """When the disk is full half-way; a limit on files' size stands for it."""

    @pytest.fixture
    def half_way(self):
        """Return what writes to a path in a process that may write 4,096 bytes a file."""

        def run(path):
            command = [sys.executable, "-c", CHILD, str(path)]
            return subprocess.run(command, capture_output=True, text=True)

        return run

    @pytest.mark.uncovered
    def test_the_old_file_is_whole(self, tmp_path, half_way):
        """As it was, its permissions too, and no temporary file is left."""
        path = tmp_path / "old"
        path.write_bytes(b"old" * 10_000)
        path.chmod(0o640)
        run = half_way(path)

        assert (run.stdout, run.stderr) == (f"cannot write {path}: File too large\n", "")
        assert path.read_bytes() == b"old" * 10_000
        assert (names(tmp_path), mode(path)) == (["old"], 0o640)

    def test_no_new_file_is_left(self, tmp_path, half_way):
        """Not even an empty one."""
        run = half_way(tmp_path / "new")

        assert run.stdout == f"cannot write {tmp_path / 'new'}: File too large\n"
        assert names(tmp_path) == []


class TestOrder:
    """What a crash between two steps would leave."""

    def test_a_file_is_on_disk_before_it_takes_the_place(self, tmp_path, monkeypatch):
        """Synced after the last byte, renamed after that."""
        steps = []
        sync, rename = os.fsync, Path.replace
        monkeypatch.setattr(os, "fsync", lambda fd: steps.append(os.fstat(fd).st_size) or sync(fd))
        monkeypatch.setattr(
            Path, "replace", lambda *paths: steps.append("rename") or rename(*paths)
        )
        write(tmp_path / "a", b"12345")
        with replacing(tmp_path / "b") as file:
            file.write(b"123")

        assert steps == [5, "rename", 3, "rename"]

    @pytest.mark.parametrize("fails", [False, True])
    def test_replacing_follows_a_link(self, tmp_path, fails):
        """As writing does: the link stays, and what it names is new, or as it was."""
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / "old").write_bytes(b"old")
        (tmp_path / "link").symlink_to(Path("there") / "old")
        with suppress(KeyError), replacing(tmp_path / "link") as file:
            file.write(b"new")
            if fails:
                raise KeyError

        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "old").read_bytes() == (b"old" if fails else b"new")
        assert names(tmp_path / "there") == ["old"]
