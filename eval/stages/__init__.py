"""Which stage lost an answer, and whether a system has become worse."""
