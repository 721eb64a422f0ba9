# The load generator's image: the runner's, with Locust. Build the runner's first, then from the root of the checkout:
#   docker build -f deploy/docker/load.Dockerfile -t registry.example.com/synthetic-load:0.1.0 .
FROM registry.example.com/synthetic:0.1.0
USER 0:0
COPY requirements/load.txt /tmp/load.txt
# Every package is the pinned one, byte by byte.
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/load.txt && rm /tmp/load.txt
USER 10001:10001
EXPOSE 5557
ENTRYPOINT ["locust"]
CMD ["--help"]
