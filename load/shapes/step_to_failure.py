"""`locust -f load/locustfile.py,load/shapes/step_to_failure.py --headless -u 100 -t 10m` (docs/load.md)."""

from synthetic.locust_user.shapes import StepToFailure

__all__ = ["StepToFailure"]
