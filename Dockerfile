# syntax=docker/dockerfile:1
# The command `check` alone, with your files in /work:
#
#     docker build -t planrace .
#     docker run --rm -v "$PWD:/work" planrace -p mine.py:protocol
#
# Add --user "$(id -u):$(id -g)" where reports are written into that folder.

FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/planrace && /opt/planrace/bin/pip install --no-cache-dir --no-compile .

FROM python:3.12-slim
COPY --from=build /opt/planrace /opt/planrace
RUN useradd --uid 1000 --create-home planrace
ENV PATH=/opt/planrace/bin:$PATH PLANRACE_CACHE=/tmp/planrace PYTHONDONTWRITEBYTECODE=1
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["check"]
CMD ["--help"]
