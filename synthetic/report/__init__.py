"""What a run leaves behind for people and machines: records, their store, and the forms in which they are shown."""
