# One image for the API and the projector; the database is a server of its own (docker-compose.yml).
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/raceline \
 && /opt/raceline/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
COPY --from=build /opt/raceline /opt/raceline
RUN useradd --system --create-home --home-dir /var/lib/raceline raceline
USER raceline
# HOME is where numba keeps its compiled kernels; RACELINE_HOME is only used without RACELINE_DATABASE_URL.
ENV PATH=/opt/raceline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/raceline \
    NUMBA_CACHE_DIR=/var/lib/raceline/numba \
    RACELINE_HOME=/var/lib/raceline \
    RACELINE_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 CMD ["raceline", "status"]
CMD ["raceline", "serve"]
