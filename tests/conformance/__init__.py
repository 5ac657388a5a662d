"""Kubernetes' conformance behaviours, one test each, on real Podman.

A test has the name of its behaviour: ``test_node_pod_exec`` is ``node/pod-exec``. The behaviours are those of Kubernetes' own
conformance suite (``test/e2e``), told here in Pods of our own. Tests without a ``behaviour`` mark show what no conformance test
covers and users rely on all the same: hostPath volumes, sidecars, startup probes.
"""
