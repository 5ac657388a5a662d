"""Kubernetes objects on Podman."""
