"""What can go wrong with reports, their months and improvements. See ``problems.py``."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.labels import N_

REPORTS: Mapping[str, str] = {
    "report.bad_day": N_("日期写成 2026-01-31，开始和结束都要填。"),
    "report.bad_filter": N_("报表的筛选条件不对，请重新选择。"),
    "report.bad_month": N_("月份写成 2026-01。"),
    "report.too_many_rows": N_("这份明细有 %(rows)s 行，一次最多导出 %(most)s 行，请缩短时间或再筛选。"),
    "report.unknown_figure": N_("没有这个数字的明细，请从报表里点进来。"),
    "report.unknown_cut": N_("报表不能这样拆分，请从页面上选一种。"),
    "report.unknown_time": N_("处理时长只能按自然时间或工作时间看。"),
    "report.month_changed": N_("这个月在你打开页面之后改过，请看最新的再操作。"),
    "report.month_closed": N_("这个月已经关账了。"),
    "report.month_due": N_("还有 %(tickets)s 张工单刚变动，几秒内计入，请稍后再关账。"),
    "report.month_not_over": N_("这个月还没过完，不能关账。"),
    "report.month_reopened": N_("这个月重新打开了，不用再重算。"),
    "report.month_without_tickets": N_("这个月还没有工单，不能关账。"),
    "report.no_such_recalculation": N_("没有这次重算，可能地址不全。"),
    "report.reason_needed": N_("请写明原因，最多 %(most)s 个字。"),
    "report.recalculation_cancelled": N_("重算已取消。"),
    "report.recalculation_changed": N_("这次重算已经采用过，或不再有效，请重新计算。"),
    "report.recalculation_failed": N_("重算中断了，原因在系统日志里，可以再算一次。"),
    "report.recalculation_over": N_("重算已经结束，不用取消。"),
    "report.recalculation_running": N_("这个月正在重算，请等它算完。"),
    "report.recalculation_too_large": N_("差异超过 %(most)s 条，逐条采用没有意义：请重新打开这个月，计入后再关账。"),
    "report.no_mail_server": N_("还没有设置邮件服务器，报表发不出去。"),
    "report.no_mailbox": N_("你还没有填邮箱，请先到“通知设置”里填。"),
    "report.no_such_sending": N_("没有这次发送，可能地址不全，或不归你看。"),
    "report.nobody_to_tell": N_("没有人订阅这种报表，也没有群选了它。"),
    "report.nothing_to_send": N_("这个月没有工单，没有可发的内容。"),
    "report.period_reversed": N_("结束日期早于开始日期。"),
    "report.period_too_long": N_("一份报告最多 %(limit)s 天。"),
    "improvement.bad_day": N_("开始日期离今天最多 %(days)s 天。"),
    "improvement.bad_expected": N_("预期减少写 1 到 100 之间的整数。"),
    "improvement.bad_owner": N_("请选一位在职的负责人。"),
    "improvement.bad_text": N_("卡点和方向各最多 %(most)s 个字。"),
    "improvement.bad_title": N_("请用一句话写明要做什么，最多 %(most)s 个字。"),
    "improvement.bad_value": N_("要缩小范围，请选一种并写明是哪个，最多 %(most)s 个字；渠道请从列表里选。"),
    "improvement.begun_already": N_("已经开始的事项要有开始日期，而且不能晚于今天。"),
    "improvement.no_such_step": N_("这个事项不能从现在的状态走到那一步。"),
    "improvement.not_found": N_("没有这个优化事项，可能地址不全，或不归你看。"),
    "improvement.not_yours": N_("这类工单不归你的队列处理，不能改它的优化事项。"),
    "improvement.saved_already": N_("这张表单已经提交过了，事项在看板上。"),
    "improvement.stale": N_("这个事项在你打开页面之后改过，请看最新的再操作。"),
    "improvement.too_many": N_("看板上最多 %(most)s 个事项，请先整理。"),
    "improvement.unknown_type": N_("没有这种工单类型，请重新选择。"),
}
