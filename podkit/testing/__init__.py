"""For tests of code that uses podkit."""
