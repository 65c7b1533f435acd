"""`yanji site check` and `yanji schemas`: settings files before they are used."""

from __future__ import annotations

from pathlib import Path

import click

from yanji.api.cli.output import print_json, print_line


@click.group("site")
def site_verb() -> None:
    """Check a site file: cameras, roads, time zone, datum."""


@site_verb.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "-c", "--site", "site_file", type=click.Path(path_type=Path), help="The same as FILE."
)
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON on stdout.")
def site_check(file: Path | None, site_file: Path | None, as_json: bool) -> int:
    """List everything that is wrong or odd in FILE; exit 1 when there is an error."""
    from yanji.configs.site_check import check_site_file

    chosen = file or site_file
    if chosen is None:
        raise click.UsageError("Name the site file: yanji site check site.yaml")
    findings = check_site_file(chosen)
    num_errors = sum(finding.severity == "error" for finding in findings)
    if as_json:
        print_json(
            {
                "file": str(chosen),
                "ok": num_errors == 0,
                "findings": [
                    {
                        "severity": finding.severity,
                        "code": finding.code,
                        "line": finding.line,
                        "message": finding.message,
                        "hint": finding.hint,
                    }
                    for finding in findings
                ],
            }
        )
    else:
        for finding in findings:
            where = f"{chosen}:{finding.line}" if finding.line is not None else str(chosen)
            print_line(f"{where}: {finding.severity}: {finding.message}")
            if finding.hint:
                print_line(f"    {finding.hint}")
        num_warnings = len(findings) - num_errors
        print_line(f"{chosen}: {num_errors} errors, {num_warnings} warnings")
    return 1 if num_errors else 0


@click.command("schemas")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="The paths as JSON on stdout.")
def schemas_verb(folder: Path, as_json: bool) -> int:
    """Write site.schema.json and settings.schema.json into FOLDER."""
    from yanji.configs.schemas import write_schemas

    written = write_schemas(folder)
    if as_json:
        print_json({"written": [str(path) for path in written]})
    else:
        for path in written:
            print_line(str(path))
    return 0
