"""Serves bench/apps/APP.py by bjoern: python serve_bjoern.py APP HOST:PORT PROCESSES.

bjoern has no command, and one thread of one process: more of them share a port.
"""

import importlib
import os
import signal
import sys

import bjoern


def serve(app, host, port):
    try:
        application = importlib.import_module(app).application
        bjoern.run(application, host, port, reuse_port=True)
    finally:
        os._exit(1)  # it returns only when it has failed


def main():
    app, address, processes = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    children = []

    def end(signum, frame):
        for child in children:
            os.kill(child, signal.SIGKILL)
        sys.exit(0)

    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            serve(app, host, int(port))
        children.append(child)
    signal.signal(signal.SIGTERM, end)
    os.wait()
    end(None, None)


if __name__ == "__main__":
    main()
