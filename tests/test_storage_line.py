"""Writers on SQLite stand in line: first come, first served, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

from helpdesk.storage import Line


def test_who_comes_first_goes_first() -> None:
    line = Line()
    assert line.enter(1)
    went: list[int] = []

    def go(number: int) -> None:
        assert line.enter(10)
        went.append(number)
        line.leave()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=go, args=(number,)))
        threads[-1].start()
        while len(line._waiting) <= number:
            time.sleep(0.001)
    line.leave()
    for thread in threads:
        thread.join()
    assert went == [0, 1, 2, 3, 4]
    assert line.enter(0)


def test_whose_turn_does_not_come_gives_up_and_stands_in_nobodys_way() -> None:
    line = Line()
    assert line.enter(1)
    assert not line.enter(0.01)
    line.leave()
    assert line.enter(0)
