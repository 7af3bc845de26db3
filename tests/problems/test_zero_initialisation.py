"""Training from zero weights: the proof in the worked solution, and the real runs beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradus.documents.blocks import Table, Text
from gradus.errors import SelfCheckFailed
from gradus.problems.problem import Solution
from gradus.problems.registry import find_kind
from gradus.runs import RunRecord
from problems.records import no_records, typical_records

KIND = find_kind("learning/zero-initialisation")


def tables(solution: Solution) -> list[Table]:
    return [part for part in solution.body if isinstance(part, Table)]


def test_the_general_question_trains_two_networks() -> None:
    small, images = KIND.runs_needed(KIND.Params())
    assert (small.recipe, small.data) == ("small-network", "points")
    assert (images.recipe, images.data, images.setting("initialisation")) == ("hw5", "pictograms", "zeros")
    assert [r.recipe for r in KIND.runs_needed(KIND.Params(hidden_layers=2))] == ["small-network"]
    assert KIND.runs_needed(KIND.Params(data="photos"))[1].data == "photos"


@pytest.mark.parametrize("hidden_layers", [None, 0, 1, 3])
@pytest.mark.parametrize("biases", [True, False])
def test_records_stand_beside_the_proof(hidden_layers: int | None, biases: bool) -> None:
    params = KIND.Params(hidden_layers=hidden_layers, biases=biases)
    records = typical_records(KIND.runs_needed(params))
    if not biases and hidden_layers is None:  # the typical record moves the last biases, which are not there
        records = {r: record for r, record in records.items() if r.recipe == "small-network"}
    solution = KIND.solve(params, records)
    small = tables(solution)[0]
    assert small.header[-2:] == ("Start = end in the runs?", "Agrees?")
    assert all(row[-1] == "yes" for row in small.rows)
    learning = {row[0] for row in small.rows if row[2] == "learns"}
    last = f"layer {(2 if hidden_layers is None else hidden_layers) + 1}"
    expected = {f"biases of {last}"} if biases else set()
    assert learning == (expected | {f"gains of {last}"} if hidden_layers == 0 else expected)


def test_without_runs_the_solution_is_complete_and_says_so() -> None:
    params = KIND.Params()
    for records in ({}, no_records(KIND.runs_needed(params), "training needs the extra 'train'")):
        solution = KIND.solve(params, records)
        text = " ".join(part.markdown for part in solution.body if isinstance(part, Text))
        assert text.count("Not run:") == 2
        assert [table.header for table in tables(solution)] == [("Weights", "Number", "Proved")] * 2
    assert "gradus solve hw5" in text


def test_a_run_that_contradicts_is_not_printed() -> None:
    params = KIND.Params(hidden_layers=1)
    (request,) = KIND.runs_needed(params)
    record = typical_records([request])[request]
    assert isinstance(record, RunRecord)
    wrong = replace(record, final_weights={**record.final_weights, "w1": "0" * 64})
    with pytest.raises(SelfCheckFailed, match="proved frozen"):
        KIND.solve(params, {request: wrong})


def test_the_classes_of_other_images_are_counted() -> None:
    params = KIND.Params(data="photos")
    records = dict(typical_records(KIND.runs_needed(params)))
    request = KIND.runs_needed(params)[1]
    record = records[request]
    assert isinstance(record, RunRecord)
    records[request] = replace(record, data=replace(record.data, classes=("day", "night")))
    assert tables(KIND.solve(params, records))[1].rows[-1][:2] == ("`dense2.bias`", "2")


def test_real_runs_bear_the_proof_out() -> None:
    pytest.importorskip("torch")
    from gradus import training

    for biases in (True, False):
        for hidden_layers in (0, 1, 4):
            params = KIND.Params(hidden_layers=hidden_layers, biases=biases)
            records = {request: training.run(request) for request in KIND.runs_needed(params)}
            assert all(row[-1] == "yes" for row in tables(KIND.solve(params, records))[0].rows)
