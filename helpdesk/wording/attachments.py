"""Files: what a picture shows, and why a file was not taken."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.domain.attachments import GOODS, LABELS, OUTER_BOX, WAYBILL, WEIGHING
from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

NAMES: Mapping[str, str] = {
    OUTER_BOX: N_("外箱"),
    WAYBILL: N_("面单"),
    GOODS: N_("商品"),
    WEIGHING: N_("称重"),
}
ATTACHMENTS: Mapping[str, str] = {
    "attachment.active_content": N_("“%(name)s”里有宏、脚本或会自动打开的内容，没有保存。请另存为普通文件或截图再传。"),
    "attachment.bomb": N_("“%(name)s”解压后大得不正常，没有保存。"),
    "attachment.broken_image": N_("图片“%(name)s”不完整或已损坏，没有保存。请重新拍照或截图再传。"),
    "attachment.empty": N_("“%(name)s”是空文件。"),
    "attachment.gone": N_("有文件已经移除或已经发出。页面上是现在还在的文件，请看过再发。"),
    "attachment.no_picture": N_("“%(name)s”不是图片。这里只能传照片和截图。"),
    "attachment.none_sent": N_("没有收到文件。"),
    "attachment.not_found": N_("没有这个文件，或者你看不到它所在的工单。"),
    "attachment.too_large": N_("“%(name)s”超过 %(limit)s MB，没有保存。"),
    "attachment.too_many": N_("一条内容最多带 %(limit)s 个文件。"),
    "attachment.too_many_pixels": N_("图片“%(name)s”超过 %(limit)s 百万像素，没有保存。请缩小后再传。"),
    "attachment.unknown_kind": N_(
        "“%(name)s”的内容不是可以保存的文件。可以传 JPEG、PNG、WebP、GIF、PDF、TXT、CSV、XLSX、DOCX 和 MP4。"
    ),
}


def file_label(code: str) -> str:
    """What the picture shows; empty where nobody said."""
    return gettext(NAMES[code]) if code else ""


def file_labels() -> list[tuple[str, str]]:
    """(code, name) of all of them, in the order in which a parcel is opened."""
    return [(code, file_label(code)) for code in LABELS]
