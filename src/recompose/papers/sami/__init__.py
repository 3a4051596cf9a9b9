"""Paper 3: SAMI, unsupervised learning of disentangled multiscale representations."""
