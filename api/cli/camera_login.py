"""`--username` and `--password-env`: what a camera is told; no password on a command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from yanji.configs.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from yanji.configs.site import Credentials

Verb = TypeVar("Verb", bound=Callable[..., Any])


def login_options(verb: Verb) -> Verb:
    """`--username`, `--password-env`."""
    for option in (
        click.option(
            "--password-env",
            metavar="NAME",
            help="The environment variable that holds the password; it is never given on a "
            "command line.",
        ),
        click.option("--username", help="At the camera."),
    ):
        verb = option(verb)
    return verb


def credentials_of(username: str | None, password_env: str | None) -> Credentials | None:
    """Give what a camera is told; None without a user name.

    Raises:
        UsageError: a password without a user name.
        SettingsError: the variable is not set.
    """
    from yanji.ingest.credentials import Credentials

    if username is None:
        if password_env is not None:
            raise UsageError("--password-env needs --username.")
        return None
    if password_env is None:
        return Credentials(username, "")
    password = os.environ.get(password_env, "")
    if not password:
        raise SettingsError(
            f"The environment variable {password_env} is not set.",
            hint=f"Put the password there: read -s {password_env}; export {password_env}",
        )
    return Credentials(username, password)
