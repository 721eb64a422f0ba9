"""`synthetic serve`: a worker with everything around it that production needs."""
