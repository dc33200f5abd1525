"""What several tests use."""

import sys
import textwrap

import pytest
from highball_worker import hooks


class Project:
    """A directory with modules of hooks, which is the current one."""

    def __init__(self, directory):
        self.directory = directory
        self.lines = []

    def write(self, name, source):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))

    def load(self, spec, pythonpath=(), **others):
        path = [str(entry) for entry in pythonpath]
        return hooks.load(self.config(spec, pythonpath=path, **others), self)

    def config(self, spec, **others):
        return {
            "hooks": spec, "hooks_as_config": False, "logger_class": "", "log_config": "",
            "hook_settings": '{"workers": 2}' if spec else "", "pythonpath": [], "workers": 2,
            "workers_before": 0, "forked": 0, "reload": False, "listens": True, **others,
        }  # fmt: skip

    def __call__(self, level, text):
        self.lines.append((level, text))

    def loaded(self, source, **others):
        self.write("shophooks.py", source)
        loaded = hooks.load(self.config("shophooks", **others), self)
        assert loaded.failure is None, loaded.failure
        return loaded


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]
