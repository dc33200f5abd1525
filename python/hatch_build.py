"""Builds the binary for one platform and puts it into the wheel.

HIGHBALL_PLATFORM names the platform as Go does, "linux/arm64"; without it the wheel
is for the one that builds. It needs Go, and the repository around this directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The binary is static and needs no libc, so that one wheel is for glibc and musl.
TAGS = {
    "linux/amd64": "manylinux2014_x86_64.manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    "linux/arm64": "manylinux2014_aarch64.manylinux_2_17_aarch64.musllinux_1_1_aarch64",
    "darwin/arm64": "macosx_11_0_arm64",
}


class BinaryHook(BuildHookInterface):  # type: ignore[misc, unused-ignore]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            sys.exit("highball is built from its repository: there is no sdist")
        if version == "editable":
            return  # it takes bin/highball of the repository
        platform = os.environ.get("HIGHBALL_PLATFORM") or _this_platform()
        if platform not in TAGS:
            sys.exit(
                "HIGHBALL_PLATFORM: no wheel for %r: want one of %s" % (platform, ", ".join(TAGS))
            )
        binary = Path(self.root, "build", platform.replace("/", "-"), "highball")
        _build(Path(self.root).parent, binary, platform)
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + TAGS[platform]
        build_data["force_include"][str(binary)] = "highball/_bin/highball"


def _this_platform() -> str:
    return _go("env", "GOOS", "GOARCH").strip().replace("\n", "/")


def _build(repository: Path, binary: Path, platform: str) -> None:
    system, machine = platform.split("/")
    env = {"CGO_ENABLED": "0", "GOOS": system, "GOARCH": machine}
    _go(
        "build", "-trimpath", "-ldflags=-s -w", "-o", str(binary), "./cmd/highball",
        cwd=repository, env=env,
    )  # fmt: skip
    binary.chmod(0o755)  # pip keeps it


def _go(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    command = [os.environ.get("GO", "go"), *args]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit("%s failed: the binary in the wheel is built with Go" % " ".join(command))
    return done.stdout
