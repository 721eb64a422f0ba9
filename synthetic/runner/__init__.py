"""Plays scenarios against cells: who plays, in which pair, with which player, under which limits."""
