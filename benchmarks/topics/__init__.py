"""One module a topic, each with a function `contests()`."""
