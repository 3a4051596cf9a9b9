"""Paper 5: feature-guided score diffusion for sampling conditional densities."""

SLUG = "feature_guidance"
