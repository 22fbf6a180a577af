# The image of api, projector and clock: one package, and a command for each.

FROM python:3.12-slim AS build
WORKDIR /source
RUN python -m venv --without-pip /opt/milepost
# The dependencies come first, so that a change of the code does not install them again.
COPY pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > requirements.txt \
    && pip --python /opt/milepost/bin/python install --no-cache-dir --requirement requirements.txt
COPY . ./
RUN pip --python /opt/milepost/bin/python install --no-cache-dir --no-deps .

FROM python:3.12-slim
COPY --from=build /opt/milepost /opt/milepost
ENV PATH=/opt/milepost/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/milepost
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["milepost"]
CMD ["--help"]
