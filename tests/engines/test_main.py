"""Workers start without running the caller's `__main__` again, whatever that is."""

import textwrap

import pytest

PROGRAM = textwrap.dedent(
    """
    print("main runs")
    import bnstat
    print(bnstat.compute("photos", workers=2).count[0])
    """
)
EXPECTED = "main runs\n5871\n"


@pytest.fixture
def beside(photos):
    """The folder that the photos are in, so that their name is relative."""
    return photos.parent


def test_count_is_that_of_the_photos(photos):
    """What the programs print is worth comparing: the samples of six images."""
    assert (
        int(EXPECTED.rsplit(maxsplit=1)[-1])
        == 40 * 30 + 31 * 17 + 64 * 48 + 16 * 16 + 24 * 24 + 20 * 12
    )


def check(process):
    assert (process.stdout, process.stderr, process.returncode) == (EXPECTED, "", 0)


def test_unguarded_script(python, beside, tmp_path):
    """A script without `if __name__ == "__main__"` runs once."""
    (tmp_path / "script.py").write_text(PROGRAM)
    check(python(tmp_path / "script.py", cwd=beside))


def test_command(python, beside):
    """`python -c` works, and runs once."""
    check(python("-c", PROGRAM, cwd=beside))


def test_standard_input(python, beside):
    """`python -` works, and reads its program once."""
    check(python("-", cwd=beside, input=PROGRAM))


def test_module(python, beside, tmp_path):
    """`python -m` of an unguarded module works, and runs once."""
    (tmp_path / "module.py").write_text(PROGRAM)
    check(python("-m", "module", cwd=beside, env={"PYTHONPATH": str(tmp_path)}))


def test_package(python, beside, tmp_path):
    """`python -m` of a package works, whose __main__ has relative imports."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "words.py").write_text("WORDS = 'main runs'")
    program = PROGRAM.replace('print("main runs")', "from .words import WORDS; print(WORDS)")
    (tmp_path / "package" / "__main__.py").write_text(program)
    check(python("-m", "package", cwd=beside, env={"PYTHONPATH": str(tmp_path)}))


def test_folder_changed_after_multiprocessing_was_imported(python, beside):
    """Workers find relative paths from where the caller is, not from where it was."""
    moved = f"import multiprocessing, os; os.chdir({str(beside)!r})\n"
    check(python("-c", moved + PROGRAM, cwd="/"))


def test_caller_with_a_fork_server_of_its_own(python, beside):
    """A program that uses the same fork server for its own work goes on with it afterwards."""
    program = """
import multiprocessing
if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    with context.Pool(1) as pool:
        print("main runs" if pool.apply(int) == 0 else "")
    import bnstat
    print(bnstat.compute("photos", workers=2).count[0])
    with context.Pool(1) as pool:
        assert pool.apply(int) == 0
"""
    check(python("-c", program, cwd=beside))


def test_twice_in_one_program(python, beside):
    """A second run starts its own workers."""
    again = '\nassert bnstat.compute("photos", workers=3).count[0] == 5871\n'
    check(python("-c", PROGRAM + again, cwd=beside))


def test_from_a_function_in_main(python, beside, tmp_path):
    """Progress may be reported to a function of the script, which no worker needs."""
    program = PROGRAM.replace("workers=2", "workers=2, progress=lambda progress: None")
    (tmp_path / "script.py").write_text(program)
    check(python(tmp_path / "script.py", cwd=beside))
