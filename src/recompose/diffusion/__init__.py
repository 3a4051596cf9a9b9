"""The language all papers share: schedules, scores and samplers. Knows of no data set and no paper."""
