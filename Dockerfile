# One process, one volume, no root. Build: docker build -t spillover .
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/spillover \
    && /opt/spillover/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN /opt/spillover/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && find /opt/spillover -name tests -type d -path '*/site-packages/*' -prune -exec rm -rf {} + \
    && /opt/spillover/bin/pip uninstall --quiet --yes pip setuptools

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin spillover \
    && mkdir /data && chown spillover:spillover /data
COPY --from=build /opt/spillover /opt/spillover
COPY rules /app/rules
ENV PATH=/opt/spillover/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BOT_DATA_DIR=/data \
    BOT_RULES_DIR=/app/rules \
    BOT_HTTP_HOST=0.0.0.0
WORKDIR /app
USER spillover
VOLUME /data
EXPOSE 8087
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["spillover", "health"]
ENTRYPOINT ["spillover"]
CMD ["run"]
