"""What the rooms of paper 2 hold, and the settings that compose them, by their names."""

OBJECTS = ("couch", "table", "painting")
"""What may stand or hang in a room."""
CLASSES: dict[str, tuple[str, ...]] = {
    "empty": (),
    "couch": ("couch",),
    "table": ("table",),
    "painting": ("painting",),
    "couch_table": ("couch", "table"),
    "couch_painting": ("couch", "painting"),
}
"""The six classes of images, by the objects in them."""
