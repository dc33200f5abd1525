"""Waits at the gate and says what it was told about threads and processes."""

import threading

from support import gate, reply


def application(environ, start_response):
    gate(environ, threading.current_thread().name.replace(" ", "-"))
    return reply(start_response, {"multithread": environ["wsgi.multithread"], "multiprocess": environ["wsgi.multiprocess"]})
