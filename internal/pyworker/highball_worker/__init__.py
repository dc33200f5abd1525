"""The Python side of Highball: runs a WSGI application for the front.

Standard library only, Python 3.9 or newer. See docs/ARCHITECTURE.md.
"""
