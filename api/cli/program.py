"""The program `yanji`: its verbs, and how it ends.

Exit status: 0 done, 1 failed or partly failed, 2 wrong usage, 3 nothing found. Answers go to
stdout, everything else to stderr. With `--json` an error is one JSON object on stdout.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from importlib import metadata

import click

from yanji.api.cli.lazy_group import LazyGroup
from yanji.api.cli.libraries import explain_import_error
from yanji.api.cli.output import print_error
from yanji.configs.errors import UsageError, YanjiError

log = logging.getLogger(__name__)

_VERBS = {
    "demo": ("demo", "The whole path on rendered clips: cameras, archive, search, trace."),
    "run": ("live", "Live: cameras into the archive."),
    "cameras": ("cameras", "How the cameras of a running installation are; test one camera."),
    "index": ("recordings", "Recordings into the archive; resumes."),
    "serve": ("serving", "The page and the API on an archive."),
    "search": ("ask", "Find the vehicle of a snapshot."),
    "trace": ("ask", "The routes a vehicle can have taken."),
    "runs": ("stored", "List or remove what one recording or connection brought in."),
    "archive": ("stored", "Size of the archive; new embeddings, missing colours."),
    "check": ("stored", "Prove the archive's invariants; mend what can be mended."),
    "audit": ("stored", "Verify the record of who looked for what."),
    "clock": ("clocks", "How far the cameras' clocks are off: read, listed, estimated."),
    "site": ("places", "Check a site file."),
    "schemas": ("places", "Write the JSON schemas of both settings files."),
    "models": ("registry", "List and verify the models."),
    "eval": ("evaluations", "Figures on labelled data."),
    "train": ("train", "Models from labelled data of one's own."),
    "bench": ("figures", "Speed and memory, as ratios measured side by side."),
    "testcity": ("testcity", "Rendered streets and vehicles with the truth beside them."),
}
"""Verb -> (file of this folder, one line of help). The files are imported when a verb is used:
`yanji --help` loads no models and no native libraries."""


@click.command(
    cls=LazyGroup,
    lazy={verb: (file, f"{verb}_verb", text) for verb, (file, text) in _VERBS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 failed or partly failed, 2 wrong usage, 3 nothing found.",
)
@click.version_option(metadata.version("yanji"), prog_name="yanji")
def program() -> None:
    """yanji 雁迹: a city's cameras as an index of vehicle sightings, one snapshot as a route."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        result = program.main(args=given, prog_name="yanji", standalone_mode=False)
    except click.UsageError as error:
        where = f"{error.ctx.command_path} --help" if error.ctx is not None else "yanji --help"
        wrong = UsageError(error.format_message(), hint=f"See: {where}")
        print_error(wrong, as_json=as_json)
        return wrong.exit_code
    except click.ClickException as error:
        print_error(YanjiError(error.format_message()), as_json=as_json)
        return 1
    except YanjiError as error:
        print_error(error, as_json=as_json)
        return error.exit_code
    except ImportError as error:
        explained = explain_import_error(error)
        if explained is None:
            raise
        print_error(explained, as_json=as_json)
        return explained.exit_code
    except OSError as error:
        # The last border: a folder that may not be written, a disk that fails. Files that are read
        # have their own errors, further in.
        log.debug("failed", exc_info=True)
        where = f" ({error.filename})" if error.filename else ""
        system = YanjiError(f"{error.strerror or error}{where}.", code="system")
        print_error(system, as_json=as_json)
        return system.exit_code
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("interrupted\n")
        return 130
    return result if isinstance(result, int) else 0
