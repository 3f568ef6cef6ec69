"""How many rows a second ``flask import tickets`` stores: python -m bench.import [rows]

On a new SQLite database in a temporary folder, with the shipped rules, through the same function as the command.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpdesk import timesource
from helpdesk.adapters.import_files import count_units
from helpdesk.domain.imports import TICKETS
from helpdesk.jobs.import_file import work_off
from helpdesk.queries.actors import system_actor
from helpdesk.services import imports
from helpdesk.storage import db, unit_of_work
from tests import databases, factories

WORDS = ("发错货了", "快递三天没动", "退款还没到账", "地址写错了要改", "少发了一件", "杯子碎了", "发票抬头错了", "你好")
OPTIONS = {"shop": "main", "channel": "tmall", "created_at": "column", "map": {}}


def table(rows: int) -> bytes:
    """Messages, half of them with an order, over the last twenty days."""
    dice = random.Random(1)
    lines = ["编号,内容,订单号,客户,电话,时间"]
    for number in range(rows):
        at = datetime.now(UTC) - timedelta(minutes=dice.randrange(1, 28_800))
        order = f"E{number:012}" if number % 2 else ""
        words = f"{dice.choice(WORDS)}，麻烦尽快处理 {number}"
        lines.append(f"m{number},{words},{order},客户{number},138{number:08},{at:%Y-%m-%d %H:%M}")
    return "\n".join(lines).encode()


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = databases.SQLite(Path(folder))
        with store.app.app_context():
            with unit_of_work():
                factories.make_world(datetime(2026, 1, 1, tzinfo=UTC))
            content = table(rows)
            total = count_units(TICKETS, "t.csv", content, OPTIONS)
            with unit_of_work():
                run_id = imports.create_run(
                    TICKETS,
                    name="t.csv",
                    content=content,
                    options=OPTIONS,
                    total=total,
                    actor=system_actor("import"),
                    now=timesource.now(),
                )
            began, cpu = time.perf_counter(), time.process_time()
            work_off(run_id, holder="bench", clock=timesource.now)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            db.engine.dispose()
    print(f"{rows} rows in {seconds:.1f} s: {rows / seconds:.0f} rows/s ({1000 * cpu / rows:.1f} ms of CPU a row)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
