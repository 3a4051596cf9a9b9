"""One module per data set: the generated ones, and loaders of the real files in their real formats."""
