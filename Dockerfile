# One image for the API and the workers: `serve` is the default, `work` the other command.
# The digest is that of the multi-architecture index that public Dockerfiles pin for this tag
# (docs/decisions/0009).
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
WORKDIR /app
# The same uv as scripts/setup.sh.
RUN pip install --no-cache-dir uv==0.13.9
# No container may write beside what it runs, so it is compiled here: a start takes half as long.
ENV UV_COMPILE_BYTECODE=1
# What is locked changes less often than the source, so it has a layer of its own.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project --extra tracing
COPY . .
# Tracing is an extra: small, and off until QUETBILL_TRACES_URL is set.
RUN uv sync --frozen --no-dev --no-editable --extra tracing

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# Debian stable keeps one version of a package, the newest: there is no older one to pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-vie \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home quetbill \
    && install -d -o quetbill -g quetbill /data
COPY --from=build /app/.venv /app/.venv
# docker build --build-arg BUILD=$(git rev-parse --short HEAD): /metrics says which it is.
ARG BUILD=""
ENV QUETBILL_BUILD=$BUILD \
    PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    QUETBILL_DATA_DIR=/data \
    QUETBILL_API_HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["quetbill"]
CMD ["serve"]
