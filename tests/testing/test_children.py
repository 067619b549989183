import os
import signal
import time

import numpy as np
import pytest

from graticule.testing.children import Limits, in_children


def only(work, tmp_path, **limits):
    [end] = in_children([0], work, tmp_path, limits=Limits(**limits))
    return end


def test_what_work_returns_comes_back(tmp_path):
    ends = list(in_children(range(5), lambda n: str(n * n), tmp_path, limits=Limits()))
    assert sorted((end.item, end.said, end.stopped) for end in ends) == [
        (n, str(n * n), "") for n in range(5)
    ]


def test_a_signal_is_a_crash_with_its_name(tmp_path):
    end = only(lambda _: os.kill(os.getpid(), signal.SIGSEGV), tmp_path)
    assert end.stopped == "crash"
    assert end.detail.startswith("SIGSEGV")


def test_an_exception_of_the_work_is_a_crash(tmp_path):
    end = only(lambda _: str(1 // 0), tmp_path)
    assert end.stopped == "crash"
    assert "ZeroDivisionError" in end.detail


def test_a_loop_without_end_is_a_hang_and_says_where(tmp_path):
    def loop_without_end(_):
        while True:
            pass

    end = only(loop_without_end, tmp_path, seconds=0.2)
    assert end.stopped == "hang"
    assert "loop_without_end" in end.detail


def test_waiting_without_end_is_a_hang(tmp_path):
    assert only(lambda _: time.sleep(60), tmp_path, seconds=0.1).stopped == "hang"


@pytest.mark.parametrize("waits", [0, 60])
def test_memory_is_bounded_while_it_runs_and_after(tmp_path, waits):
    def take(_):
        np.ones(2**25)
        time.sleep(waits)
        return "done"

    end = only(take, tmp_path, memory=2**27)
    assert end.stopped == "too much memory"
    assert end.peak > 2**27 or waits


def test_one_that_fails_leaves_the_others_alone(tmp_path):
    def work(n):
        if n == 3:
            os.abort()
        return str(n)

    ends = in_children(range(8), work, tmp_path, limits=Limits())
    assert sorted((end.item, end.stopped) for end in ends) == [
        (n, "crash" if n == 3 else "") for n in range(8)
    ]


def test_what_only_fails_after_others_is_told_as_such(tmp_path):
    done = []

    def work(n):
        done.append(n)
        if n == 3 and len(done) > 1:
            os.abort()
        return str(n)

    ends = {end.item: end for end in in_children(range(8), work, tmp_path, limits=Limits())}
    assert [n for n, end in ends.items() if end.stopped] == [3]
    assert ends[3].detail.startswith("only after others")


def test_the_peak_is_that_of_one_item(tmp_path):
    ends = in_children(
        [2**23, 10, 10], lambda n: str(np.ones(n).sum()), tmp_path, limits=Limits(), processes=1
    )
    first, *others = [end.peak for end in ends]
    assert first > 8 * 2**23
    assert max(others) < 4 * 2**23
