"""Threads that take a step together: they exchange numbers, fail together, and none is left over."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import torch

from gradus.training.team import Team, gathered
from training.fast import kernels, within


def test_all_threads_do_the_task_and_see_what_the_others_have_written() -> None:
    for size in (1, 2, 3):
        with gathered(size, kernels()) as team:
            seen: list[list[float]] = [[] for _ in range(size)]

            def task(rank: int, team: Team = team, seen: list[list[float]] = seen) -> None:
                for turn in range(20):
                    mine = team.shared("numbers", (team.size,), torch.float64)
                    mine[rank] = 100 * turn + rank
                    team.wait()
                    seen[rank].append(mine.sum().item())
                    team.wait()

            for _ in range(3):
                team.run(task)
            expected = 3 * [100 * turn * size + sum(range(size)) for turn in range(20)]
            assert seen == [expected] * size


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_are_contiguous_and_almost_equal(size: int) -> None:
    with gathered(size, kernels()) as team:
        for count in range(12):
            shares = [team.share(count, rank) for rank in range(size)]
            assert [end for _, end in shares[:-1]] == [first for first, _ in shares[1:]]
            assert (shares[0][0], shares[-1][1]) == (0, count)
            lengths = {end - first for first, end in shares}
            assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("failing", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("waits", [0, 1, 2])
def test_what_a_task_raises_in_any_thread_is_raised_by_the_caller(
    size: int, failing: tuple[int, ...], waits: int
) -> None:
    class OfTheTask(Exception):
        pass

    def task(rank: int) -> None:
        for turn in range(3):
            if turn == waits and rank in failing:
                raise OfTheTask(rank)
            team.wait()

    team, library = Team(), kernels()

    def act() -> None:
        nonlocal team
        with gathered(size, library) as team:
            for _ in range(2):  # the team is of no use any more, and says so
                with pytest.raises(OfTheTask) as raised:
                    team.run(task)
                assert raised.value.args[0] in failing

    before = threading.active_count()
    assert within(60, act) == []
    assert threading.active_count() == before


def test_a_caller_that_is_interrupted_between_two_calls_leaves_no_thread_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def task(rank: int) -> None:
        team.wait()
        team.wait()

    team, library = Team(), kernels()

    def act() -> None:
        nonlocal team
        with gathered(2, library) as team:
            real, caller = team._calls.barrier_wait, threading.current_thread()

            def interrupted(barrier: int) -> int:
                found: int = real(barrier)
                if threading.current_thread() is caller and not team._together:
                    raise KeyboardInterrupt
                return found

            calls = SimpleNamespace(
                barrier_wait=interrupted,
                barrier_break=library.loaded.barrier_break,
                barrier_ended=library.loaded.barrier_ended,
            )
            monkeypatch.setattr(team, "_calls", calls)
            team.run(task)

    before = threading.active_count()
    (raised,) = within(60, act)
    assert isinstance(raised, KeyboardInterrupt)
    assert threading.active_count() == before


def test_threads_of_pytorch_are_shared_out_and_put_back() -> None:
    before = torch.get_num_threads()
    try:
        for threads, size, each in ((4, 2, 2), (3, 2, 1), (1, 3, 1), (5, 1, 5)):
            torch.set_num_threads(threads)
            inside: list[int] = []

            def task(rank: int, inside: list[int] = inside) -> None:
                inside.append(torch.get_num_threads())

            with gathered(size, kernels()) as team:
                team.run(task)
            assert inside == [each] * size
            assert torch.get_num_threads() == threads
            with pytest.raises(ZeroDivisionError), gathered(size, kernels()):
                raise ZeroDivisionError
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_threads_of_pytorch_are_put_back_where_no_team_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    library, before = kernels(), torch.get_num_threads()

    def none_left(size: int) -> None:
        raise MemoryError(size)

    monkeypatch.setattr(library, "loaded", SimpleNamespace(barrier_made=none_left))
    try:
        torch.set_num_threads(3)
        with pytest.raises(MemoryError), gathered(2, library):
            raise AssertionError("there is a team")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_a_team_that_has_ended_is_one_thread() -> None:
    team = Team(3, kernels())
    team.ended()
    team.ended()
    ranks: list[int] = []
    team.run(ranks.append)
    assert (ranks, team.share(5, 0)) == ([0], (0, 5))
