# The page of `cyclegan-glasses app`, for a network of one's own: docs/guides/app.md says how to run it.
FROM python:3.12-slim

WORKDIR /src
COPY setup.py setup.cfg pyproject.toml README.md LICENSE ./
COPY options options
COPY cyclegan_glasses cyclegan_glasses
# torch without CUDA: the wheels of PyPI bring several gigabytes of it.
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu ".[app]"

RUN useradd --create-home app
USER app
WORKDIR /home/app
EXPOSE 7860
# The password is in the variable CYCLEGAN_GLASSES_PASSWORD; without it the page does not start.
CMD ["cyclegan-glasses", "app", "--host", "0.0.0.0", "--port", "7860", "--no_browser"]
