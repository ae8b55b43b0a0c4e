"""Fixtures of the tests for cloudpickle's surface."""

import sys

import pytest

import cppickle

NAMES = ("cloudpickle", "cloudpickle.cloudpickle", "cloudpickle.cloudpickle_fast")


@pytest.fixture
def cloudpickle():
    """The package `cloudpickle` as install() gives it, whatever was loaded before."""
    real = {name: sys.modules.pop(name) for name in NAMES if name in sys.modules}
    cppickle.install()
    try:
        yield __import__("cloudpickle")
    finally:
        cppickle.uninstall()
        sys.modules.update(real)


@pytest.fixture
def main(cloudpickle):
    """The module ``cloudpickle.cloudpickle``."""
    return cloudpickle.cloudpickle
