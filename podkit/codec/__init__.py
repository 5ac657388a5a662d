"""Objects from and to YAML, JSON and mappings."""
