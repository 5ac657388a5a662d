"""Each leg can do what it is said to: a capability that went in silence would take its tests with it."""

from __future__ import annotations

import os

import pytest

from podkit.runtime.base import RuntimeInfo
from tests.environment.legs import LEG_VARIABLE, LEGS

LEG = os.environ.get(LEG_VARIABLE, "")


@pytest.mark.skipif(not LEG, reason="what a Podman that is on no leg can do, nobody knows")
def test_a_leg_lacks_no_more_than_it_is_said_to(podman_info: RuntimeInfo) -> None:
    assert podman_info.lacking == LEGS[LEG].lacking


@pytest.mark.skipif(not LEG, reason="what a Podman that is on no leg is, nobody knows")
def test_a_leg_is_what_its_name_says(podman_info: RuntimeInfo) -> None:
    leg = LEGS[LEG]
    assert podman_info.rootless == leg.rootless
    assert podman_info.runtime_handlers == (leg.runtime,)
    assert podman_info.version.split(".")[0] == leg.version
