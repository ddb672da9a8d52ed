# One process, one volume, no root. Build: docker build -t spillover .
FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/spillover \
    && /opt/spillover/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
# What never runs is left out: tests, what debuggers read (157 MB; not of libraries that came in as copies, which
# strip can spoil) and Babel's data of languages that the bot does not speak (29 MB). Then all of it must still load.
RUN /opt/spillover/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && spoken="$(ls bot/locale | sed -n 's/[.]po$//p' | tr '\n' '|')" \
    && cd /opt/spillover/lib/python3.*/site-packages \
    && find . -name tests -type d -prune -exec rm -rf {} + \
    && find . -name '*.so' -not -path '*.libs/*' -exec strip --strip-debug {} + \
    && find babel/locale-data -regextype posix-extended -name '*.dat' \
        -not -regex ".*/(${spoken}en|root)(_[^/]*)?[.]dat" -delete \
    && /opt/spillover/bin/pip uninstall --quiet --yes pip setuptools \
    && /opt/spillover/bin/python -c 'import matplotlib.backends.backend_agg; from bot.locale import each_language, show_number; each_language(lambda: show_number(1))'

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
RUN ["spillover", "rules", "check"]
VOLUME /data
EXPOSE 8087
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["spillover", "health"]
ENTRYPOINT ["spillover"]
CMD ["run"]
