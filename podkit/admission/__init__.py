"""What an API server does before it stores: defaults, then validation."""
