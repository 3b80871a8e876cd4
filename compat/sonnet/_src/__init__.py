"""One file for each family of Sonnet's modules."""
