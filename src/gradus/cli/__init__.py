"""The command line: one thin file a command, loaded when it is called."""

from __future__ import annotations

import signal
import sys

import click

from gradus.cli.output import error_line
from gradus.cli.plain_terminal import use_plain_terminal
from gradus.errors import GradusError, InputError

_COMMANDS = {
    "kinds": "List the kinds of problem.",
    "sets": "List the bundled problem sets.",
    "data": "List the data sets, or read one and tell what is in it.",
    "train": "Train a network, or go on with a run that was interrupted.",
    "runs": "List the training runs, finished and unfinished.",
    "curves": "Learning curves, confusion matrix and mistakes of runs: tables, CSV and pictures.",
    "export": "Write a trained network for Keras, ONNX or torch.export.",
    "predict": "What a trained network says of images.",
    "show": "Show a problem set, or one problem with its worked solution, in the terminal.",
    "solve": "Solve a problem set and write notebook, web page and PDF.",
    "check": "Decide whether an answer to a problem is right, and say why not.",
    "rank": "The rank of a matrix.",
    "subspaces": "Orthonormal bases of the four subspaces of a matrix.",
    "svd": "The singular value decomposition of a matrix.",
    "pinv": "The pseudo-inverse of a matrix.",
    "lstsq": "All least-squares solutions of a linear system.",
    "minimisers": "The unit vectors at which the norm of A x is least.",
    "momentum": "Whether descent with momentum comes back to a stationary point.",
    "net": "The values, gradients and structure of a small network.",
    "learnable": "What training can change in a network, from an initialisation.",
}


class _Commands(click.Group):
    """Finds a command's file when it is called, so that ``gradus --help`` loads none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"gradus.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gradus", message="%(package)s %(version)s")
def gradus() -> None:
    """Runs machine-learning problem sets: solves them, shows every step, trains the networks they ask for, and writes
    notebook, web page and PDF.

    Exit codes: 0 done; 1 the work failed or was left unfinished; 2 the input is wrong.
    """


def main() -> None:
    """The entry point: every error of gradus ends in one message on stderr and its exit code."""
    use_plain_terminal()
    # Being ended by the system is like Ctrl-C: what is finished is written.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        _refuse_broken_text(arguments)
        code = gradus.main(arguments, prog_name="gradus", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GradusError as error:
        click.echo(error_line(error), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("gradus: interrupted; what was finished before is kept", err=True)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        click.echo(
            f"gradus: {error.filename or 'a file'}: {error.strerror}; what was finished before is kept", err=True
        )
        return 1


def _refuse_broken_text(arguments: list[str]) -> None:
    """Bytes that are no text reach us as surrogates, which no page and no record could hold."""
    for argument in arguments:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            shown = argument.encode("utf-8", "backslashreplace").decode()
            raise InputError("argument", shown, "is not UTF-8 text", "write or rename it in UTF-8")
