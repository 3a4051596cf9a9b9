"""Paper 4: test-time concept discovery in diffusion models."""
