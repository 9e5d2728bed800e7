"""The datum guard: do the coordinates of a layer mean what they are said to mean."""
