"""podkit's tests. A package, so that ``tests.environment`` means this one wherever other packages install a ``tests`` too."""
