"""DaemonSets: a Pod on every node."""
