"""Where the binary is that this package carries."""

import os


def find() -> str:
    """The path of the binary `highball`.

    That is the wheel's; in a checkout of the repository the one that `make build` makes.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    carried = os.path.join(here, "_bin", "highball")
    if os.path.isfile(carried):
        return carried
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(here)))
    built = os.path.join(checkout, "bin", "highball")
    if os.path.isfile(built) and os.path.isfile(os.path.join(checkout, "version.go")):
        return built
    raise FileNotFoundError(
        "this installation of highball has no binary: install a wheel for your platform "
        "(Linux on x86-64 or arm64, macOS on arm64), or, in a checkout, run `make build`"
    )
