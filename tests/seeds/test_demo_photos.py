"""The demo's pictures: the warehouse's answers have some, each under what it shows."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk.adapters import file_store
from helpdesk.adapters.files import examine
from helpdesk.domain.attachments import LABELS
from helpdesk.models import Attachment
from helpdesk.services import assists
from helpdesk.storage import session, unit_of_work
from seeds.demo import photos
from tests import tickets
from tests.factories import World


@pytest.mark.parametrize("label", LABELS)
def test_what_is_drawn_is_a_picture_and_the_same_each_time(label: str) -> None:
    first, again = (photos.drawn(label, random.Random(7)) for _ in range(2))
    assert first == again
    assert examine(first, "a.jpg").width == photos.SIZE[0]


def test_the_warehouse_s_answers_have_pictures(world: World, now: datetime, tmp_path: Path) -> None:
    with unit_of_work():
        number = tickets.ticket(world, now, owner=world.users.agent).number
    with unit_of_work():
        asked = assists.ask_for_help(
            number, "warehouse", party=None, question="箱子什么样", version=1, actor=world.actors.agent, now=now
        )
    with unit_of_work():
        assists.answer(asked, "见图", version=None, actor=world.actors.warehouse, now=now)
    with unit_of_work():
        assert photos.hang(lambda content, name: file_store.put(tmp_path, examine(content, name))) == 2
    hung = session().scalars(select(Attachment)).all()
    assert {one.label for one in hung} <= set(LABELS)
    assert all(file_store.read(tmp_path, one.hash, thumbnail=True) for one in hung)
