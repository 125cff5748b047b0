"""A source of photographs of your own: here, portraits in one folder for each label.

    python examples/own_source.py my_photos --out datasets/raw/mine

with my_photos/glasses/ann.jpg, my_photos/none/ben.jpg, and so on, or a zip of it. What is written has a
manifest and goes through `crawl filter` and `crawl build` like any other source.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.option import option
from cyclegan_glasses.options.crawl import add_source_arguments, gather
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.archive import open_archive
from cyclegan_glasses.sources.source import SourcePhoto


@dataclass(frozen=True, slots=True)
class LabelFolders:
    """Portraits in one folder for each label; each field after `source` is an option of the command line."""

    name: ClassVar[str] = "label_folders"
    source: Path
    author: str = option("", "who took the photos")

    def photos(self) -> Iterator[SourcePhoto]:
        """Every picture, labelled by the name of its folder."""
        with open_archive(self.source) as archive:
            for member in archive.pictures():
                folder, _, file = member.rpartition("/")
                label = folder.rpartition("/")[2]
                origin = archive.origin(member)
                photo = Photo(f"photos/{file}", self.name, origin, author=self.author, label=label)
                yield SourcePhoto(photo, archive.content(member))


def main() -> None:
    parser = argparse.ArgumentParser(description=LabelFolders.__doc__)
    add_source_arguments(parser, LabelFolders, "folder or zip")
    args = parser.parse_args()
    gather(LabelFolders(args.source, args.author), args.out, args.limit, args.dry_run)


if __name__ == "__main__":
    sys.exit(run_command(main))
