"""The names of gunicorn's settings (27.0) and what each is where nobody sets it."""

from __future__ import annotations

import os
from typing import Any

ALL_ADDRESSES = "127.0.0.1,::1"

# The functions of a config file, which are settings there.
SERVER_HOOKS = (
    "on_starting on_reload when_ready pre_fork post_fork post_worker_init worker_int worker_abort "
    "pre_exec pre_request post_request child_exit worker_exit nworkers_changed on_exit ssl_context"
).split()
DIRTY_HOOKS = "on_dirty_starting dirty_post_fork dirty_worker_init dirty_worker_exit".split()

TLS = (
    "keyfile certfile ssl_version cert_reqs ca_certs suppress_ragged_eofs "
    "do_handshake_on_connect ciphers"
).split()


def defaults() -> dict[str, Any]:
    return {
        **_files(), **_processes(), **_mechanics(), **_logging(), **_protocols(),
        **dict.fromkeys([*SERVER_HOOKS, *DIRTY_HOOKS], nothing),
    }  # fmt: skip


def nothing(*args: Any) -> None:
    """A hook that nobody has defined."""


def _files() -> dict[str, Any]:
    return {
        "config": "./gunicorn.conf.py", "wsgi_app": None, "chdir": os.getcwd(), "pythonpath": None,
        "paste": None, "raw_paste_global_conf": [], "check_config": False, "print_config": False,
        "control_socket": "gunicorn.ctl", "control_socket_mode": 0o600,
        "control_socket_disable": False, "spew": False,
        "reload": False, "reload_engine": "auto", "reload_extra_files": [],
    }  # fmt: skip


def _processes() -> dict[str, Any]:
    return {
        "bind": ["127.0.0.1:8000"], "backlog": 2048, "workers": 1, "worker_class": "sync",
        "threads": 1, "worker_connections": 1000, "max_requests": 0, "max_requests_jitter": 0,
        "timeout": 30, "graceful_timeout": 30, "keepalive": 2, "asgi_loop": "auto",
        "asgi_lifespan": "auto", "asgi_disconnect_grace_period": 3,
        "websocket_max_message_size": 16 << 20, "http_parser": "auto", "dirty_apps": [],
        "dirty_workers": 0, "dirty_timeout": 300, "dirty_threads": 1, "dirty_graceful_timeout": 30,
        "proc_name": None, "default_proc_name": "gunicorn",
    }  # fmt: skip


def _mechanics() -> dict[str, Any]:
    return {
        "preload_app": False, "sendfile": None, "reuse_port": False, "daemon": False,
        "raw_env": [], "pidfile": None, "worker_tmp_dir": None, "user": os.geteuid(),
        "group": os.getegid(), "umask": 0, "initgroups": False, "tmp_upload_dir": None,
        "forwarded_allow_ips": ALL_ADDRESSES.split(","), "proxy_protocol": "off",
        "proxy_allow_ips": ALL_ADDRESSES.split(","), "protocol": "http",
        "uwsgi_allow_ips": ALL_ADDRESSES.split(","), "permit_obsolete_folding": False,
        "secure_scheme_headers": {
            "X-FORWARDED-PROTOCOL": "ssl", "X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on",
        },
        "strip_header_spaces": False, "permit_unconventional_http_method": False,
        "permit_unconventional_http_version": False, "casefold_http_method": False,
        "forwarder_headers": ["SCRIPT_NAME", "PATH_INFO"], "header_map": "drop", "root_path": "",
    }  # fmt: skip


def _logging() -> dict[str, Any]:
    return {
        "accesslog": None, "disable_redirect_access_to_syslog": False,
        "access_log_format": '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
        "errorlog": "-", "loglevel": "info", "capture_output": False,
        "logger_class": "gunicorn.glogging.Logger", "logconfig": None, "logconfig_dict": {},
        "logconfig_json": None, "syslog_addr": "udp://localhost:514", "syslog": False,
        "syslog_prefix": None, "syslog_facility": "user", "enable_stdio_inheritance": False,
        "statsd_host": None, "dogstatsd_tags": "", "statsd_prefix": "",
        "enable_backlog_metric": False,
    }  # fmt: skip


def _protocols() -> dict[str, Any]:
    return {
        "http_protocols": ["h1"], "http2_cleartext": "off", "http2_max_concurrent_streams": 100,
        "http2_initial_window_size": 65535, "http2_max_frame_size": 16384,
        "http2_max_header_list_size": 65536, "limit_request_line": 4094,
        "limit_request_fields": 100, "limit_request_field_size": 8190,
        "keyfile": None, "certfile": None, "ssl_version": 2, "cert_reqs": 0, "ca_certs": None,
        "suppress_ragged_eofs": True, "do_handshake_on_connect": False, "ciphers": None,
    }  # fmt: skip
