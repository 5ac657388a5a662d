"""Where objects live: optimistic concurrency, watches, owner references."""
