"""What is wrong with lists of tickets: what is asked of them, views that keep them, deeds on many at once."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.labels import N_

LISTS: Mapping[str, str] = {
    "filter.bad_value": N_("筛选条件不对，已忽略。"),
    "filter.query_too_long": N_("搜索的文字最多 %(limit)s 个字。"),
    "bulk.too_many": N_("一次最多选 %(limit)s 张工单。"),
    "bulk.begun_already": N_("这次批量操作已经开始了，请看结果。"),
    "bulk.choose_a_deed": N_("请选择要做什么。"),
    "bulk.choose_a_value": N_("请选择要改成什么。"),
    "bulk.failed": N_("程序出错，没有改这一张，请告诉管理员"),
    "bulk.not_found": N_("没有这次批量操作，或者不是你的。"),
    "bulk.not_to_undo": N_("没有可以撤销的改动。"),
    "bulk.note_stays": N_("备注写下就留着，不能撤销"),
    "bulk.nothing_chosen": N_("没有选到工单。"),
    "bulk.nothing_to_do": N_("没有一张工单会因此改变。"),
    "bulk.over": N_("已经结束，停不下了。"),
    "bulk.stale": N_("预演之后又改过要做的事，请再看一遍。"),
    "bulk.undo_too_late": N_("批量操作只能在 24 小时内撤销。"),
    "list.assists_not_exported": N_("协助的列表不能导出，请换一个列表。"),
    "list.too_many_rows": N_("一个文件最多 %(most)s 张工单，请先缩小范围。"),
    "paging.bad_cursor": N_("翻页的位置不对，请从第一页重新开始。"),
    "view.bad_name": N_("请填写视图名称，最多 %(most)s 个字，不能换行。"),
    "view.bad_scope": N_("请选择谁可以用；选团队时还要选队列。"),
    "view.name_taken": N_("已经有名为“%(name)s”的视图，请换一个名称。"),
    "view.not_found": N_("没有这个视图，可能已经删除。"),
    "view.not_yours": N_("这个视图是大家共用的，你可以另存一份自己的来改。"),
    "view.stale": N_("你打开之后，这个视图被别人改过了。"),
    "view.too_many": N_("视图最多 %(most)s 个，请先删除不用的。"),
}
