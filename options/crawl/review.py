"""Look over the photos of a folder in the browser and accept, reject or relabel them by keyboard.

The page is for this machine alone. Photos that the criteria were least sure of come first. Every decision is
in the manifest at once, so the page may be closed at any time; crawl.py filter leaves decisions as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_port
from cyclegan_glasses.cli.echo import echo

HELP = "a local page to accept, reject and relabel photos by keyboard"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py review`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with a manifest.jsonl")
    add_port(parser)
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def run(args: argparse.Namespace) -> None:
    """Serve the page until it is stopped."""
    from cyclegan_glasses.collect.review import Review
    from cyclegan_glasses.collect.review_server import ReviewServer
    from cyclegan_glasses.locks import folder_lock

    with folder_lock(args.folder), ReviewServer(Review(args.folder), args.port) as server:
        echo(f"{len(server.review)} photos: open {server.address}\nCtrl-C ends it")
        if args.open:
            import webbrowser

            webbrowser.open(server.address)
        server.serve_until_stopped()
        echo(f"every decision is in {args.folder / 'manifest.jsonl'}")
