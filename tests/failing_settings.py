"""The production settings, with the routes that fail: for a real server."""

from promptcrafter.settings import *  # noqa: F403

ROOT_URLCONF = "tests.urls"
