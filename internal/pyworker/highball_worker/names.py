"""What the processes are called where the system lists them by name."""

from typing import Any

_MOST = 15  # bytes, of Linux


def rename(config: dict[str, Any], role: str) -> None:
    """Without --proc-name nothing changes; nor where there is no such file."""
    name = config["proc_name"].encode()
    if not name:
        return
    suffix = b":" + role[:1].encode()
    try:
        with open("/proc/self/comm", "wb", buffering=0) as comm:
            comm.write(name[: _MOST - len(suffix)] + suffix)
    except OSError:
        pass
