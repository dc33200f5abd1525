"""The first lines that a Python process of Highball runs.

They read the package `highball_worker` as a marshalled dict of sources from an
inherited pipe, serve its imports from memory and start it. Nothing is written
to disk, and tracebacks show our lines because the importer has get_source().
"""

import sys

# `-c` puts the current directory first on the path, where a user's socket.py
# would shadow the standard library; PYTHONPATH's entries could do the same. Both
# wait until our own imports are done.
if sys.path and sys.path[0] == "":
    del sys.path[0]

import os

if os.environ.get("PYTHONSAFEPATH") == "highball":  # ours, for this start only
    del os.environ["PYTHONSAFEPATH"]

_user = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
_user = [entry for entry in sys.path if entry in _user]
sys.path = [entry for entry in sys.path if entry not in _user]

import marshal

if sys.version_info < (3, 9):  # an interpreter this old cannot even compile the package
    import struct

    _failure = marshal.dumps({u"old": u"%d.%d" % tuple(sys.version_info[:2])}, 2)
    os.write(4, struct.pack("<IIBBH", len(_failure), 0, 34, 0, 0) + _failure)
    sys.exit(3)

import importlib
import importlib.util


class BundleImporter:
    """Finds and loads the modules of a dict of sources."""

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path=None, target=None):
        if name not in self.sources:
            return None
        origin = "<highball>/" + name.replace(".", "/") + ".py"
        package = name == "highball_worker"
        return importlib.util.spec_from_loader(name, self, origin=origin, is_package=package)

    def create_module(self, spec):
        return None

    def get_source(self, name):
        return self.sources[name]

    def exec_module(self, module):
        spec = module.__spec__
        module.__file__ = spec.origin
        exec(compile(self.sources[spec.name], spec.origin, "exec"), module.__dict__)


class PublicImporter:
    """Gives out our public module under the name that applications import."""

    def find_spec(self, name, path=None, target=None):
        if name != "highball":
            return None
        return importlib.util.spec_from_loader(name, self, origin="<highball>")

    def create_module(self, spec):
        return importlib.import_module("highball_worker.public")

    def exec_module(self, module):
        pass


with highball as _pipe:  # noqa: F821 - the one that this text came from, see embed.go
    sys.meta_path.insert(0, BundleImporter(marshal.loads(_pipe.read())))
# Last, so that an installed package `highball` or a user's own comes first.
sys.meta_path.append(PublicImporter())

from highball_worker.main import main

sys.path[:0] = _user
main(sys.argv[1:])
