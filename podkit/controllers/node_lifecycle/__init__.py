"""Sees when a Node is lost, and keeps Pods away from it: `podkit.controllers.node_lifecycle.controller`."""
