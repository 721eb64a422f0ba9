"""Argo Rollouts and Flagger as test clients: small controllers that do what theirs do, over real sockets, on a clock passed in."""
