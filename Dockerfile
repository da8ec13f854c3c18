# syntax=docker/dockerfile:1
# Braid with OCR, traces and the default model: it needs no network when it runs.
#
#   docker build -t braid:0.1.0 .
#   docker run -p 8080:8080 -v braid-data:/data -e BRAID_SERVER__API_KEY=... braid:0.1.0

ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
# The build of torch for the CPU; the one on PyPI brings several GB of CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/braid
WORKDIR /src
COPY constraints.txt ./
RUN /opt/braid/bin/pip install -c constraints.txt --index-url ${TORCH_INDEX} torch
COPY pyproject.toml README.md LICENSE ./
COPY ingest ingest
COPY index index
COPY retrieve retrieve
COPY generate generate
COPY eval eval
COPY api api
RUN /opt/braid/bin/pip install -c constraints.txt ".[ocr,otel]"
# Unpacks the model and the dictionary, and fails where one of them does not work.
ENV BRAID_CACHE_DIR=/opt/braid-cache \
    NUMBA_CACHE_DIR=/opt/braid-cache/numba \
    HF_HUB_OFFLINE=1
RUN /opt/braid/bin/braid doctor --data-dir /tmp/none

FROM python:${PYTHON}
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-chi-sim \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /home/braid braid \
    && install -d -o braid -g braid /data
COPY --from=build /opt/braid /opt/braid
COPY --from=build --chown=braid:braid /opt/braid-cache /opt/braid-cache
ENV PATH=/opt/braid/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    BRAID_CACHE_DIR=/opt/braid-cache \
    NUMBA_CACHE_DIR=/opt/braid-cache/numba \
    BRAID_DATA_DIR=/data \
    BRAID_SERVER__HOST=0.0.0.0 \
    BRAID_SERVER__PORT=8080
USER braid
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/ready', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["braid"]
CMD ["serve"]
