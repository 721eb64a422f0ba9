"""The whole reference platform in one process: cells, PSPs and game providers on free loopback ports."""

from synthetic.reference.world.world import World, WorldSettings, running_world

__all__ = ["World", "WorldSettings", "running_world"]
