"""Networks that more than one paper trains: stacked perceptrons, U-Nets, encoders."""
