"""Controllers: loops that make and mend objects."""
