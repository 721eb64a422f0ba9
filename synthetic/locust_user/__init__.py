"""Scenarios as load: Locust users that play the very scenario files of CI and production, under a budget, on cells that allow it.

A locustfile imports `synthetic.locust_user.user`. Nothing is imported here: Locust patches the standard library where it is.
"""
