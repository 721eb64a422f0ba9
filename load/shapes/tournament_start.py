"""`locust -f load/locustfile.py,load/shapes/tournament_start.py --headless -u 100 -t 10m` (docs/load.md)."""

from synthetic.locust_user.shapes import TournamentStart

__all__ = ["TournamentStart"]
