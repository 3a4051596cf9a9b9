"""Every table and figure of five papers on composing diffusion models, regenerated and judged."""
