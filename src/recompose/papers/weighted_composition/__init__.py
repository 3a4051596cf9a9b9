"""Paper 2: weighted compositions of diffusion models, and what Feynman-Kac correctors make of them."""
