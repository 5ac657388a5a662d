"""Tests with Pods: a pytest plugin, which pytest finds by itself where podkit is installed.

=========================  ========  =============================================================================
fixture                    scope     what it is
=========================  ========  =============================================================================
``podkit_cluster``         session   a `podkit.Cluster` on Podman
``podkit_namespace``       function  a `TestNamespace` of it, empty at first, and deleted after the test
``podkit_namespaces``      session   makes such namespaces, for fixtures of your own with any scope
``podkit_simulated``       function  a `podkit.Cluster` without Podman, on a virtual clock
``podkit_engine``          function  the `podkit.runtime.simulated.SimulatedRuntime` below it
=========================  ========  =============================================================================

``@pytest.mark.podkit("web.yaml", ...)`` applies manifests (paths beside the test, or objects) to ``podkit_namespace`` and waits
until what they describe is ready. ``--podkit-keep`` lets everything run on after the tests. When a test fails, its report says
what has become of the Pods of its namespaces.
"""

from podkit.testing.namespace import TestNamespace

__all__ = ["TestNamespace"]
