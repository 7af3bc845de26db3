"""Problem sets: the reader of their files, the bundled ones, and a set with its solutions as a document."""

from gradus.sets.bundled import bundled_names, set_file
from gradus.sets.problem_set import Problem, ProblemSet, Prose
from gradus.sets.reader import parsed_set, read_set
from gradus.sets.solving import Solved, Unsolved, runs_needed, solved

__all__ = [
    "Problem",
    "ProblemSet",
    "Prose",
    "Solved",
    "Unsolved",
    "bundled_names",
    "parsed_set",
    "read_set",
    "runs_needed",
    "set_file",
    "solved",
]
