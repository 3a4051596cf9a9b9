"""The language all papers share: noise schedules, scores, samplers, weighted particles and training."""
