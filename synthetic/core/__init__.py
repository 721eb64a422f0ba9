"""The sans-IO heart: scenarios as generators of effects, money, outcomes, events, evidence. No sockets, no clocks."""
