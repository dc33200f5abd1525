"""The tests of the worker's own code run in the same process, and import it from the disk.

What loads it for a server does this: one class for each exception, whoever comes first.
"""

import sys

from highball import _exceptions

sys.modules.setdefault("highball_worker.public", _exceptions)
