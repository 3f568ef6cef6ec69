"""Pictures that the warehouse took when it answered, drawn here: a box, a waybill, an article, a scale."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import Row, select

from helpdesk.domain.attachments import GOODS, OUTER_BOX, WAYBILL, WEIGHING, Stored
from helpdesk.models import Attachment, Note, Queue, Stint, User
from helpdesk.storage import session

Keep: TypeAlias = Callable[[bytes, str], Stored]
"""Lays the content into the store, under this name."""

SIZE = (960, 720)
ANSWERS = 24
"""That carry pictures, the latest of them."""

NAMES = {OUTER_BOX: "外箱", WAYBILL: "面单", GOODS: "商品", WEIGHING: "称重"}
TABLE, CARDBOARD, TAPE, INK = "#8d9299", "#b98a56", "#dcc7a1", "#20242b"


def hang(keep: Keep) -> int:
    """Give the warehouse's latest answers pictures; returns how many. Call inside ``unit_of_work()``."""
    answers = session().execute(
        select(Note.id, Note.ticket_id, Note.author_id, Note.created_at)
        .join(Stint, Stint.answer_note_id == Note.id)
        .join(Queue, Queue.id == Stint.queue_id)
        .join(User, User.id == Note.author_id)
        .where(Queue.code == "warehouse")
        .order_by(Note.id.desc())
        .limit(ANSWERS)
    )
    pictures = [picture for answer in answers for picture in _of(answer, keep)]
    session().add_all(pictures)
    return len(pictures)


def drawn(label: str, dice: random.Random) -> bytes:
    """A picture of what this label says."""
    image = Image.new("RGB", SIZE, TABLE)
    _DRAW[label](ImageDraw.Draw(image), dice)
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _of(answer: Row[int, int, int | None, datetime], keep: Keep) -> list[Attachment]:
    note_id, ticket_id, author_id, at = answer
    dice = random.Random(note_id)
    files = [(label, keep(drawn(label, dice), f"{NAMES[label]}.jpg")) for label in dice.sample(list(NAMES), 2)]
    return [
        Attachment(
            ticket_id=ticket_id,
            note_id=note_id,
            author_id=author_id,
            name=file.name,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            hash=file.hash,
            label=label,
            width=file.width,
            height=file.height,
            created_at=at,
            attached_at=at,
        )
        for label, file in files
    ]


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _box(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    draw.polygon([(140, 260), (820, 260), (740, 150), (220, 150)], fill="#cda06c")
    draw.rectangle([140, 260, 820, 620], fill=CARDBOARD)
    draw.rectangle([430, 150, 530, 620], fill=TAPE)
    x = dice.randint(180, 340)
    draw.polygon([(x, 540), (x + 90, 500), (x + 60, 590), (x + 10, 610)], fill="#7c5a33")  # where it was dented


def _waybill(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    draw.rectangle([0, 80, 960, 720], fill=CARDBOARD)
    draw.rectangle([200, 130, 760, 650], fill="white", outline=INK, width=3)
    x = 240
    while x < 700:
        width = dice.randint(2, 9)
        draw.rectangle([x, 170, x + width, 300], fill=INK)
        x += width + dice.randint(3, 9)
    draw.text((240, 320), f"YT{dice.randint(10**11, 10**12 - 1)}", fill=INK, font=_font(48))
    for y in range(410, 620, 50):
        draw.line([240, y, 720, y], fill="#9aa0a8", width=2)


def _goods(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    colour = dice.choice(["#274b7a", "#e9dcc3", "#7a2f3a", "#38604a"])
    draw.ellipse([230, 520, 730, 640], fill="#7b8087")
    draw.rounded_rectangle([290, 160, 630, 590], radius=40, fill=colour)
    draw.arc([545, 240, 715, 460], 270, 90, fill=colour, width=34)
    if dice.random() < 0.5:  # broken
        draw.line([380, 160, 430, 290, 370, 380, 450, 590], fill="white", width=6, joint="curve")


def _scale(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    draw.rectangle([270, 120, 690, 400], fill=CARDBOARD)
    draw.rectangle([450, 120, 510, 400], fill=TAPE)
    draw.rounded_rectangle([180, 400, 780, 640], radius=24, fill="#3a4049")
    draw.rectangle([300, 460, 660, 580], fill="#b9d7b0")
    draw.text((350, 475), f"{dice.randint(40, 480) / 100:.2f} kg", fill=INK, font=_font(72))


_DRAW = {OUTER_BOX: _box, WAYBILL: _waybill, GOODS: _goods, WEIGHING: _scale}
