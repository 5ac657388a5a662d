"""Pods on Podman."""
