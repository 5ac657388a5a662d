"""How objects look in a terminal and in a notebook."""
