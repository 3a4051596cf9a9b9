"""What a run came to: claims judged, two trees compared, the page and the notebooks that people read."""
