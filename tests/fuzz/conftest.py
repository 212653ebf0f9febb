"""The fuzzers are scripts; only their tests are collected."""

collect_ignore_glob = ["[!t]*.py", "targets.py"]
