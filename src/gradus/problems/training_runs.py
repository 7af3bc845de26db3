"""Run records in worked solutions: how a run is shown, what it leaves open when it was not made, and its accuracies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gradus.answers.answer import Measured, Measurements
from gradus.documents.blocks import Block, Code, Table, Text
from gradus.documents.markdown import escaped
from gradus.evidence.accuracy import Proportion, accuracies
from gradus.exact.steps import Step
from gradus.problems.problem import Records, Solution
from gradus.problems.wording import counted, interval, share
from gradus.runs import NotRun, RunRecord, RunRequest, record_report

_CONDENSED_ABOVE: Final = 10


def found_record(records: Records, request: RunRequest) -> RunRecord | NotRun:
    """The completed record of a request, or why there is none.

    >>> from gradus.runs import NotRun, RunRequest
    >>> request = RunRequest("hw5", "pictograms", "adam", epochs=30)
    >>> found_record({}, request).reason
    'no record of this run was given'
    """
    found = records.get(request)
    if found is None:
        return NotRun(request, "no record of this run was given", f"gradus solve {request.recipe}")
    if isinstance(found, NotRun) or (found.ended == "completed" and found.epochs):
        return found
    done = f"after {len(found.epochs)} of {counted(request.epochs, 'epoch')}"
    return NotRun(request, f"the run was {found.ended} {done}", f"gradus solve {request.recipe}")


def shown_runs(*records: RunRecord) -> Code:
    """The calls that made runs, in a comment, and the code that prints their records, with what it prints."""
    every = 5 if max(len(record.epochs) for record in records) > _CONDENSED_ABOVE else 1
    argument = f", every={every}" if every > 1 else ""
    one = len(records) == 1
    head = "# This network was trained by the call" if one else "# These networks were trained by the calls"
    calls = "\n".join(f"#     {_call(record)}" for record in records)
    if one:
        show = f"record = read_record({f'runs/{records[0].id}'!r})\nprint(record_report(record{argument}))"
    else:
        show = (
            f"runs = {tuple(record.id for record in records)!r}\n"
            'records = [read_record(f"runs/{run}") for run in runs]\n'
            f'print("\\n\\n".join(record_report(record{argument}) for record in records))'
        )
    source = (
        f"{head}\n#     from gradus.training import run\n{calls}\n"
        f"from gradus.runs import read_record, record_report\n\n{show}"
    )
    return Code(source, output="\n\n".join(record_report(record, every) for record in records))


def accuracy_table(runs: Mapping[str, RunRecord]) -> Table:
    """Training, validation and test accuracy of runs, by their names, with their sampling errors."""
    rows = [row for name, record in runs.items() for row in _accuracy_rows(name, record)]
    return Table(("Accuracy", "Images", "Value", "Standard error", "95\u00a0% interval"), tuple(rows))


def measured(proportion: Proportion, record: RunRecord) -> Measured:
    """A counted accuracy as a measured answer."""
    return Measured(proportion.share, proportion.interval, record.id)


def missing(names: Iterable[str], why: NotRun) -> dict[str, Measured]:
    """The measured answers that a run which was not made leaves open.

    >>> from gradus.runs import NotRun, RunRequest
    >>> request = RunRequest("hw5", "pictograms", "adam", epochs=30)
    >>> missing(["test"], NotRun(request, "there is no GPU", "gradus solve hw5"))["test"].text
    'not run: there is no GPU'
    """
    return {name: Measured(None, None, None, why.reason) for name in names}


def not_run(*absent: NotRun) -> tuple[Text, ...]:
    """The commands that make the runs that were not made, each once; why they were not is said in the summary.

    >>> from gradus.runs import NotRun, RunRequest
    >>> request = RunRequest("hw5", "pictograms", "adam", epochs=30)
    >>> print(not_run(NotRun(request, "there is no GPU", "gradus solve hw5"))[0].markdown)
    This command makes the run that is missing:
    <BLANKLINE>
    ~~~~sh
    gradus solve hw5
    ~~~~
    """
    commands = dict.fromkeys(" ".join(why.command.split()) for why in absent)
    return tuple(
        Text(f"This command makes the run that is missing:\n\n~~~~sh\n{command}\n~~~~") for command in commands
    )


def solution(answer: Measurements, *body: Step | Block) -> Solution:
    """A solution whose summary is the conclusion of its answer.

    >>> solution(Measurements({}, "It learns.")).summary
    'It learns.'
    """
    return Solution(answer, answer.conclusion, body)


def unanswered(names: Iterable[str], why: NotRun) -> Solution:
    """The solution of a problem none of whose runs was made.

    >>> from gradus.runs import NotRun, RunRequest
    >>> request = RunRequest("hw5", "pictograms", "adam", epochs=30)
    >>> unanswered(["test"], NotRun(request, "there is no GPU", "gradus solve hw5")).summary
    'Not run: there is no GPU.'
    """
    answer = Measurements(missing(names, why), f"Not run: {escaped(why.reason)}.")
    return solution(answer, *not_run(why))


def seeds_caveat(runs: str = "one run") -> str:
    """What intervals from single runs do not cover.

    >>> seeds_caveat("two runs")[-20:]
    'wo runs cannot show.'
    """
    return (
        f"The intervals say how far the finite number of images makes an accuracy uncertain. How far it changes with "
        f"the seed, {runs} cannot show."
    )


def _call(record: RunRecord) -> str:
    asked = record.request
    settings = f", settings={asked.settings!r}" if asked.settings else ""
    return (
        f"run(RunRequest({asked.recipe!r}, {asked.data!r}, {asked.optimizer!r}, epochs={asked.epochs}, "
        f"seed={asked.seed}, device={asked.device!r}{settings}))"
    )


def _accuracy_rows(name: str, record: RunRecord) -> tuple[tuple[str, ...], ...]:
    found = accuracies(record)
    lead = f"{name}, " if name else ""
    return (
        (f"{lead}training (last epoch)", f"{found.training.total:,}", share(found.training.share), "", ""),
        (f"{lead}validation", *_proportion_cells(found.validation)),
        (f"{lead}test", *_proportion_cells(found.test)),
    )


def _proportion_cells(p: Proportion) -> tuple[str, str, str, str]:
    return (f"{p.total:,}", share(p.share), share(p.standard_error), interval(p.interval))
