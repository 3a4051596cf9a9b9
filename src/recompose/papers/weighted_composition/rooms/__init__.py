"""Paper 2, section 5.3: objects in a room."""
