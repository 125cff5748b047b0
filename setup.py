"""What setup.cfg has no word for: the folder `options` is installed as `cyclegan_glasses.options`."""

from setuptools import find_packages, setup

rooms = find_packages(include=["cyclegan_glasses*"], exclude=["cyclegan_glasses.options"])
options = [f"cyclegan_glasses.{name}" for name in find_packages(include=["options*"])]
setup(packages=[*rooms, *options], package_dir={"cyclegan_glasses.options": "options"})
