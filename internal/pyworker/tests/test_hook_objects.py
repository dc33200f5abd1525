"""The objects that hooks are given."""

import os
import sys

import pytest
from highball_worker.hook_defaults import defaults
from highball_worker.hook_settings import HookConfig, address_of


@pytest.fixture
def loaded(project):
    source = "def post_fork(server, worker): pass\ndef nworkers_changed(server, new, old): pass\n"
    loaded = project.loaded(source)
    assert loaded.starting(project.config("shophooks")) is None
    return loaded


def test_cfg_answers_each_setting():
    cfg = HookConfig({"workers": 3, "bind": ["0.0.0.0:80"], "raw_env": ["A=1", "B=x=y"]})
    assert (cfg.workers, cfg.threads, cfg.timeout) == (3, 1, 30)
    assert (cfg.settings["workers"].get(), cfg.settings["workers"].default) == (3, 1)
    assert cfg.address == [("0.0.0.0", 80)]
    assert cfg.env == {"A": "1", "B": "x=y"}
    assert cfg.env_orig["PATH"] == os.environ["PATH"]
    assert (cfg.uid, cfg.gid) == (os.geteuid(), os.getegid())
    assert (cfg.is_ssl, cfg.ssl_options["certfile"], cfg.sendfile) == (None, None, True)
    assert (cfg.proc_name, cfg.worker_class_str) == ("gunicorn", "sync")
    assert HookConfig({"threads": 2}).worker_class_str == "gthread"
    assert "workers" in str(cfg) and "<nothing()>" in str(cfg)


def test_cfg_has_the_settings_of_the_installed_gunicorn():
    config = pytest.importorskip("gunicorn.config")
    if sys.modules["gunicorn"].version_info[0] != 27:
        pytest.skip("another version of gunicorn is installed")
    theirs = config.Config()
    assert sorted(defaults()) == sorted(theirs.settings)
    ours = HookConfig({})
    elsewhere = {"control_socket", "logger_class", "worker_class"}
    for name in set(theirs.settings) - elsewhere:
        value = getattr(theirs, name)
        assert callable(value) or getattr(ours, name) == value, name


def test_cfg_is_read_only():
    cfg = HookConfig({})
    for change in (lambda: cfg.set("workers", 3), lambda: setattr(cfg, "workers", 3)):
        with pytest.raises(AttributeError, match=r"cfg.workers cannot be changed here"):
            change()
    with pytest.raises(AttributeError, match="cfg has no setting 'wrokers'"):
        cfg.wrokers  # noqa: B018
    cfg.own = 5  # what a hook keeps there
    assert cfg.own == 5


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)), (":80", ("0.0.0.0", 80)),
        ("[::1]:80", ("::1", 80)), ("https://example.org:443", ("example.org", 443)),
        ("unix:/run/shop.sock", "/run/shop.sock"), ("unix:///run/shop.sock", "/run/shop.sock"),
        ("fd://3", 3), ("systemd:shop", "systemd:shop"),
    ],
)  # fmt: skip
def test_addresses(bind, address):
    assert address_of(bind) == address


def test_server(loaded):
    server = loaded.server
    assert (server.num_workers, server.WORKERS, server.timeout) == (2, {}, 30)
    assert [str(one) for one in server.LISTENERS] == ["http://127.0.0.1:8000"]
    assert server.LISTENERS[0].getsockname() == ("127.0.0.1", 8000)
    assert server.cfg.post_fork.__name__ == "post_fork"
    assert server.cfg.pre_fork(server, None) is None
    with pytest.raises(AttributeError, match="highball ctl scale"):
        server.num_workers = 3
    with pytest.raises(AttributeError, match="Server of Highball's hooks has no attribute 'halt'"):
        server.halt()
    with pytest.raises(RuntimeError, match="post_worker_init"):
        server.app.wsgi()


def test_worker(loaded):
    worker = loaded.next_worker()
    assert (worker.nr, worker.booted, worker.timeout, worker.max_requests) == (
        0,
        False,
        15,
        sys.maxsize,
    )
    assert worker.notify() is None and worker.tmp.last_update() > 0
    worker.pid = 7
    assert str(worker) == "<Worker 7>"
    with pytest.raises(AttributeError, match=r"no attribute 'wsgi': it has .*, age, .*, pid"):
        worker.wsgi  # noqa: B018
    assert loaded.loaded(worker, len) is None
    assert (worker.wsgi, worker.app.callable, worker.app.wsgi(), worker.booted) == (
        len,
        len,
        len,
        True,
    )


def test_a_worker_with_a_limit_of_requests():
    from highball_worker.hook_objects import Server, Worker

    cfg = HookConfig({"max_requests": 100, "max_requests_jitter": 5})
    assert {100 <= Worker(1, Server(cfg, None)).max_requests <= 105 for _ in range(20)} == {True}


def test_workers_come_and_go(loaded):
    worker = loaded.next_worker()
    worker.pid = 7
    loaded.parent_of(worker)
    assert {7: worker} == loaded.server.WORKERS
    loaded.reaped(worker)
    assert loaded.server.WORKERS == {}


def test_their_number_changes(project):
    source = "calls = []\ndef nworkers_changed(*given): calls.append(given)\n"
    loaded = project.loaded(source)
    loaded.starting(project.config("shophooks", workers=2))
    for new in (3, 3, 1):
        assert loaded.told({"name": "nworkers_changed", "new": new}) is None
    calls = [given[1:] for given in sys.modules["shophooks"].calls]
    assert calls == [(2, None), (3, 2), (1, 3)]
    assert loaded.server.num_workers == 1


@pytest.mark.parametrize(
    ("config", "calls"),
    [
        ({"listens": True}, ["changed None", "starting", "ready"]),
        (
            {"reload": True, "listens": False, "workers_before": 2},
            ["changed 2", "starting", "reload"],
        ),
        ({"listens": False}, ["changed None", "starting"]),
    ],
)
def test_what_is_called_at_a_start(project, config, calls):
    loaded = project.loaded(
        """
        calls = []
        def nworkers_changed(server, new, old): calls.append(f"changed {old}")
        def on_starting(server): calls.append("starting")
        def on_reload(server): calls.append("reload")
        def when_ready(server): calls.append("ready")
        """
    )
    whole = project.config("shophooks", forked=4, **config)
    assert loaded.starting(whole) is None and loaded.started(whole, None) is None
    assert sys.modules["shophooks"].calls == calls
    assert loaded.next_worker().age == 5


@pytest.mark.parametrize("name", ["nworkers_changed", "on_starting", "on_reload", "when_ready"])
def test_a_start_that_a_hook_refuses(project, name):
    arguments = "server, new, old" if name == "nworkers_changed" else "server"
    loaded = project.loaded(f"def {name}({arguments}): raise OSError('no disk')\n")
    whole = project.config("shophooks", reload=True)
    failure = loaded.starting(whole) or loaded.started(whole, None)
    assert failure["message"].endswith("shophooks.py:1: OSError: no disk")


def test_what_the_front_asks_for(project):
    loaded = project.loaded("def pre_exec(server): raise OSError('not now')\n")
    assert "pre_exec" in loaded.told({"name": "pre_exec"})["message"]
    assert loaded.told({"name": "when_ready"}) is None
