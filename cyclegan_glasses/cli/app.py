"""Open a page in the browser: glasses off the faces of photos, frames tried on, before and after."""

from __future__ import annotations

import argparse

from cyclegan_glasses.app.settings import AppSettings
from cyclegan_glasses.cli.arguments import add_detector, add_device, add_port
from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.option import build, options_of

HELP = "open a page in the browser that takes glasses off and tries frames on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `app`."""
    add_port(parser)
    parser.add_argument("--no_browser", action="store_true", help="print the address and open no browser")
    add_options(parser, options_of(AppSettings))
    add_detector(parser)
    add_device(parser.add_argument_group("device"), precision="fp32")


def run(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    settings = build(AppSettings, vars(args))
    settings.read_password()
    try:
        from cyclegan_glasses.app.serving import served, wait
    except ImportError as error:
        if error.name != "gradio":
            raise
        raise UserError("the page needs Gradio: run `pip install '.[app]'` in the project's folder") from None
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.overlays.catalogue import read_catalogue

    read_catalogue(settings.frames)
    editor = GlassesEditor.load(device=args.device, precision=args.precision, yunet=args.yunet)
    with stoppable(), served(editor, settings, args.port) as address:
        echo(f"{address}  (Ctrl-C ends it)")
        if not args.no_browser and not settings.is_public:
            import webbrowser

            webbrowser.open(address)
        wait()
