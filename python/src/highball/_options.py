"""The settings of `highball run` that serve() and make_server() take, for type checkers.

Written from the settings table: go test ./cmd/highball -update
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from os import PathLike
from typing import Literal, TypedDict, Union

Text = Union[str, PathLike[str], None]
Texts = Union[str, Iterable[str], None]
Table = Union[Mapping[str, str], None]
Count = Union[int, None]
Switch = Union[bool, None]
Time = Union[float, str, timedelta, None]  # seconds, or "1m30s"
Size = Union[int, str, None]  # bytes, or "64KiB"


class Options(TypedDict, total=False):
    """What each server takes. None means the default."""

    environ: Table
    middleware: Texts
    validate: Switch
    logger_class: Text
    log_config: Text
    script_name: Text
    backlog: Count
    reuse_port: Switch
    certfile: Texts
    keyfile: Texts
    tls_profile: Literal["modern", "intermediate", None]
    client_cert: Literal["none", "optional", "required", None]
    client_ca: Text
    redirect_https: Switch
    hsts: Text
    https: Texts
    acme_on_demand: Texts
    local_https: Switch
    acme_ca: Text
    acme_ca_root: Text
    acme_email: Text
    acme_dir: Text
    acme_challenge: Texts
    trusted_proxies: Texts
    proxy_headers: Texts
    umask: Text
    pid_file: Text
    proc_name: Text
    start_timeout: Time
    request_timeout: Time
    drain_timeout: Time
    shutdown_delay: Time
    log_level: Literal["debug", "info", "warning", "error", None]
    log_format: Literal["text", "json", None]
    access_log: Text
    access_log_format: Text
    error_log: Text
    statsd: Text
    statsd_prefix: Text
    statsd_tags: Texts
    control: Text
    queue_timeout: Time
    queue_size: Count
    queue_time_header: Switch
    retry_idempotent: Switch
    warmup: Texts
    header_timeout: Time
    keepalive_timeout: Time
    send_timeout: Time
    limit_request_line: Size
    limit_request_head: Size
    limit_request_fields: Count
    max_connections: Count
    max_connections_per_address: Count
    max_body: Size
    body_memory: Size
    spool_limit: Size
    spool_dir: Text
    spool_quota: Size
    stream_request: Texts
    body_timeout: Time
    body_min_rate: Size
    body_grace: Time
    response_memory: Size
    response_budget: Size
    response_spool_limit: Size
    static: Texts
    app_static: Literal["off", "deployed", "dev", None]
    static_index: Text
    static_max_age: Time


class ServeOptions(Options, total=False):
    """What serve() takes besides."""

    hooks: Text
    bind: Texts
    workers: Count
    threads: Count
    max_requests: Count
    max_requests_jitter: Count
    max_worker_lifetime: Time
    max_worker_memory: Size
    memory_budget: Size
