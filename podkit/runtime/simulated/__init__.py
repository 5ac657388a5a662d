"""Pods in memory, on a virtual clock."""
