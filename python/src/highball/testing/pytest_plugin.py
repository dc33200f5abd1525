"""A fixture for pytest, which loads this by itself where the package is installed.

Its name is no other plugin's. To have it under one that tests use already (of pytest-flask,
say), write in conftest.py:

    @pytest.fixture
    def live_server(highball_live_server):
        return highball_live_server
"""

from collections.abc import Iterator

import pytest

from . import LiveServer


@pytest.fixture  # type: ignore[untyped-decorator, unused-ignore]
def highball_live_server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """The application of the fixture `app`, served while the test runs."""
    with LiveServer(request.getfixturevalue("app")) as server:
        yield server
