"""Paper 2: weighted compositions of diffusion models, and Feynman-Kac correctors."""
