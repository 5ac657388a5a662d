"""What every store promises; one suite for all of them."""
