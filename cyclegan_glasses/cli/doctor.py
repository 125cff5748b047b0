"""Look at the installation, the devices, the model files and the dashboard, and say what to mend."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cyclegan_glasses.cli.echo import echo, echo_json
from cyclegan_glasses.installation import TROUBLE, examine

HELP = "say what is installed, what the machine can do, and what to mend"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--training", action="store_true", help="try torch and the GPUs, too, which takes seconds"
    )


def run(args: argparse.Namespace) -> int:
    """Print every finding and return the exit code: 0, or 1 where there is trouble."""
    findings = []
    for finding in examine(args.training):
        findings.append(finding)
        if not args.json:
            echo(f"{finding.state:8}{finding.subject:24}{finding.text}")
            if finding.remedy:
                echo(f"{'':32}-> {finding.remedy}")
    troubles = sum(finding.state == TROUBLE for finding in findings)
    if args.json:
        echo_json({"ok": not troubles, "findings": [asdict(f) for f in findings]}, indent=2)
    else:
        needed = "all that is needed works" if args.training else "all that editing needs works"
        more = "" if args.training else "; --training tries torch and the GPUs"
        echo((f"{troubles} to mend" if troubles else needed) + more)
    return 1 if troubles else 0
