"""One module per metric: plain arrays in, numbers out."""
