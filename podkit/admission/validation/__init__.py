"""Validation, kind by kind, as kube-apiserver does it."""
