"""YAML to typed, linked, frozen plans, with every mistake of an author at once and in its place."""
