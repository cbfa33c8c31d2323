"""Tests that are coroutines."""

import asyncio


def async_test(coroutine_function):
    """Run a test that is a coroutine, for no longer than a few seconds."""

    def test():
        asyncio.run(asyncio.wait_for(coroutine_function(), timeout=20))

    test.__name__, test.__doc__ = coroutine_function.__name__, coroutine_function.__doc__
    return test
