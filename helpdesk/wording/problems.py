"""What went wrong, said so that the reader knows what to do next. A test holds that every code has its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext

from helpdesk.domain.problems import Problem
from helpdesk.wording.labels import (
    N_,
    duration,
    field_label,
    outcome_label,
    permission_label,
    role_label,
    status_label,
)
from helpdesk.wording.times import minute_of

ACCESS: Mapping[str, str] = {
    "access.denied": N_("你的角色没有“%(permission)s”的权限。需要时请找管理员。"),
    "access.login_required": N_("登录已失效，请重新登录。"),
    "access.undeclared": N_("这个页面没有开放。"),
    "csrf.failed": N_(
        "页面放得太久，或浏览器没有带上验证信息，所以没有提交。你填写的内容在下面，请复制后刷新页面再试。"
    ),
    "login.refused": N_("登录名或密码不对。"),
    "login.too_many": N_("尝试次数太多，请在 %(retry_after)s 后再试。"),
    "session.no_such_session": N_("这次登录已经结束了。"),
    "account.bad_capacity": N_("同时处理的工单数应在 1 到 %(most)s 之间，或留空。"),
    "account.bad_login": N_("登录名用 2 到 60 个小写字母、数字或 . _ @ -，以字母或数字开头。"),
    "account.bad_name": N_("姓名要填写，最多 %(most)s 个字，不含控制字符。"),
    "account.bad_role": N_("没有这个角色。"),
    "account.last_admin": N_("这是最后一位管理员，不能停用或改成别的角色。"),
    "account.login_taken": N_("登录名 %(login)s 已经有人用了。"),
    "account.no_such_user": N_("没有这个用户。"),
    "account.no_system_user": N_("数据库还没有准备好：缺少系统账户。请先运行准备命令。"),
    "account.stale": N_("你打开之后，这个账户被别人改过了。"),
    "account.wrong_password": N_("当前密码不对。"),
    "password.is_the_login": N_("密码不能和登录名相同。"),
    "password.too_common": N_("这个密码太容易猜到，请换一个。"),
    "password.too_long": N_("密码最多 %(most)s 个字符。"),
    "password.too_short": N_("密码至少 %(least)s 个字符，可以用一句话。"),
    "skill.code_taken": N_("代码 %(skill)s 已经有技能在用。"),
    "skill.no_such_skill": N_("没有这个技能。"),
    "skill.not_your_people": N_("你只能登记自己队列里的人的技能。"),
    "skill.stale": N_("你打开之后，这个技能被别人改过了。"),
    "skill.too_many": N_("技能最多 %(most)s 个。"),
    "skill.unknown_channel": N_("所选的渠道里有不存在的。"),
    "skill.unknown_type": N_("所选的工单类型里有不存在的。"),
    "queue.bad_assignment": N_("没有这种分派方式。"),
    "queue.bad_capacity": N_("每人同时处理的工单数应在 1 到 %(most)s 之间，或留空。"),
    "queue.bad_code": N_("代码用 2 到 40 个小写字母、数字或下划线，以字母开头。"),
    "queue.bad_name": N_("中英文名称都要填写，最多 %(most)s 个字。"),
    "queue.code_taken": N_("代码 %(queue)s 已经有队列在用。"),
    "queue.has_tickets": N_("队列里还有 %(tickets)s 张未结的工单，先处理或转走，再停用。"),
    "queue.in_rules": N_("现行规则还会把工单送到这个队列，先改规则，再停用。"),
    "queue.no_such_calendar": N_("没有这个工作日历。"),
    "queue.no_such_member": N_("所选的人里有不存在或已停用的。"),
    "queue.no_such_queue": N_("没有这个队列。"),
    "queue.not_found": N_("没有这个队列。"),
    "queue.not_yours": N_("你只能管理自己所在的队列。"),
    "queue.settings_by_ops": N_("队列的设置由运营经理或管理员修改。"),
    "queue.stale": N_("你打开之后，这个队列被别人改过了。"),
}
INPUT: Mapping[str, str] = {
    "input.bad_character": N_("输入里有不能保存的字符，请删去后再试。"),
    "input.bad_value": N_("有一项填写得不对，请检查后再试。"),
    "input.too_long": N_("内容太长，最多 %(limit)s 个字。"),
    "input.too_large": N_("提交的内容太大，最多 %(most_mb)s MB。"),
    "filter.bad_value": N_("筛选条件不对，已忽略。"),
    "filter.query_too_long": N_("搜索的文字最多 %(limit)s 个字。"),
    "http.bad_request": N_("请求有误，没有做任何改动。"),
    "http.not_found": N_("没有这个页面，或者你看不到它。"),
    "http.method_not_allowed": N_("这个地址不能这样打开。请从页面上的按钮进入。"),
    "http.too_many": N_("操作太频繁，请稍后再试。"),
    "http.server_error": N_("程序出错了，没有保存这次操作。请把下面的编号告诉管理员。"),
    "paging.bad_cursor": N_("翻页的位置不对，请从第一页重新开始。"),
    "http.other": N_("请求没有完成（%(status)s）。"),
    "http.database": N_("数据库暂时不可用，没有保存这次操作。请稍后再试。"),
}
TICKETS: Mapping[str, str] = {
    "ticket.created_in_future": N_("时间不能晚于现在。"),
    "ticket.illegal_move": N_("工单不能从“%(old)s”变成“%(new)s”。"),
    "ticket.job_outcome": N_("后台任务不能以“%(outcome)s”结案。"),
    "ticket.merge_into_ended": N_("工单 %(number)s 当前是“%(status)s”，不能再并入别的工单。"),
    "ticket.merge_into_itself": N_("工单 %(number)s 不能合并到它自己。"),
    "ticket.merge_unrelated": N_("工单 %(number)s 和 %(into)s 不是同一个订单，也不是同一位客户，不能合并。"),
    "ticket.not_active": N_("工单 %(number)s 当前是“%(status)s”，不能再这样操作。"),
    "ticket.not_found": N_("没有工单 %(number)s，或者你看不到它。"),
    "ticket.not_yours": N_("工单 %(number)s 不在你的队列里，也不由你负责。"),
    "ticket.outcome_required": N_("请选择处理结果。"),
    "ticket.party_required": N_("这类工单结案前要填写责任归属。"),
    "ticket.shares_must_be_100": N_("责任占比要为正数，合计 100%%。"),
    "ticket.stale": N_("你打开之后，工单 %(number)s 被别人改过了。"),
    "ticket.system_type": N_("这个类型只由系统监测产生，不能手工选择。"),
    "ticket.text_required": N_("请填写内容。"),
    "ticket.undetermined_stands_alone": N_("“未判定”不能和其他责任方同时选择。"),
    "ticket.unknown_shop_or_channel": N_("没有这个店铺或渠道。"),
    "ticket.claimed_already": N_("工单 %(number)s 已经有人领了。"),
    "ticket.may_not_assign": N_("你不能分派工单 %(number)s。"),
    "ticket.may_not_note": N_("你不能在工单 %(number)s 上写备注。"),
    "ticket.may_not_reply": N_("你不能在工单 %(number)s 上回复客户：只有负责人和可以回复客户的队列才行。"),
    "ticket.may_not_transfer": N_("你不能转交工单 %(number)s。"),
    "ticket.not_a_member": N_("所选的人不在工单的队列里，或已停用。"),
    "ticket.reason_required": N_("请填写原因，最多 %(limit)s 个字。"),
    "ticket.same_queue": N_("工单已经在这个队列里了。"),
    "ticket.unknown_pending_on": N_("没有“%(value)s”这个等待对象。"),
    "assist.answer_required": N_("请写下答复，最多 %(limit)s 个字。"),
    "assist.claimed_already": N_("工单 %(number)s 的这个协助请求已经有人接手了。"),
    "assist.may_not_assign": N_("你不能分派工单 %(number)s 的协助请求。"),
    "assist.may_not_withdraw": N_("工单 %(number)s 的协助请求只能由提问的人、负责人或主管撤回。"),
    "assist.not_found": N_("没有这个协助请求，或者你看不到它。"),
    "assist.not_open": N_("工单 %(number)s 的这个协助请求已经答复或撤回了。"),
    "assist.not_yours": N_("工单 %(number)s 的协助请求不是问你所在的队列。"),
    "assist.open_already": N_("已经向这个队列提过问，等它答复后再问。"),
    "assist.own_queue": N_("工单就在这个队列里，不用请求协助。"),
    "assist.stale": N_("你打开之后，工单 %(number)s 的协助请求换了人。"),
    "assist.question_required": N_("请写明要问什么，最多 %(limit)s 个字。"),
    "bulk.too_many": N_("一次最多选 %(limit)s 张工单。"),
    "reminder.nobody": N_("还没有别人负责这张工单，没有人可以提醒。先指派给一个人。"),
    "reminder.too_soon": N_("10 分钟内已经催办过，%(wait)s 后可以再催。"),
    "message.before_ticket": N_("消息的时间早于建单太多，请核对。"),
    "message.channel_sends_itself": N_("这个渠道会自动发送，不用复制。"),
    "message.newer_message": N_("客户刚才又来了消息。看过以后再发；你写的内容还在。"),
    "message.not_found": N_("没有这条消息。"),
    "message.not_queued": N_("这条消息已经发出或撤回了。"),
    "message.not_yours": N_("只有发送的人可以撤回。"),
    "message.status_after": N_("发送后不能变成“%(status)s”。"),
    "message.text_required": N_("请填写回复内容。"),
    "message.too_late_to_take_back": N_("超过 %(seconds)s 秒，已经发出，不能撤回了。"),
    "message.unresolved_placeholders": N_("还有没填的占位：%(names)s。"),
    "note.text_required": N_("请填写备注内容。"),
    "order.number_required": N_("请填写订单号。"),
    "order.number_too_long": N_("订单号最多 %(longest)s 个字符。"),
    "order.parcel_twice": N_("同一个运单号出现了两次。"),
    "order.too_many": N_("“%(field)s”最多 %(most)s 项。"),
    "customer.reason_required": N_("请说明查看原因，最多 %(limit)s 个字。"),
    "operation.already_undone": N_("这一步已经撤销过了。"),
    "operation.moved_on": N_("工单 %(number)s 之后又有改动，不能撤销。"),
    "operation.not_found": N_("没有可以撤销的操作。"),
    "inbound.different_body": N_("编号 %(external_id)s 已经用过，内容却不同（工单 %(number)s）。"),
    "inbound.id_required": N_("请求里缺少来源编号。"),
    "compensation.amount_not_positive": N_("金额要大于零。"),
    "compensation.negative_money": N_("金额不能为负数。"),
    "compensation.no_right": N_("%(role)s不能决定补偿金额。"),
    "learner.no_such_version": N_("没有模型版本 %(version)s。"),
    "learner.not_live": N_("模型版本 %(version)s 没有在用。"),
    "learner.not_off": N_("模型版本 %(version)s 不能启用：它已在用，或不比规则好。"),
    "rulebook.malformed": N_("规则有误：%(detail)s"),
    "rulebook.no_such_version": N_("没有规则版本 %(version)s。"),
    "rulebook.none_published": N_("还没有发布规则。"),
    "rulebook.stale": N_("你打开之后，规则被别人改过了，现在是版本 %(version)s。"),
    "rulebook.unknown_section": N_("规则里没有“%(section)s”这一部分。"),
    "rulebook.unknown_type": N_("规则里没有类型 %(type)s。"),
}
CALENDARS: Mapping[str, str] = {
    "calendar.bad_date": N_("日期“%(value)s”不对，应写成 2026-01-04。"),
    "calendar.bad_hours": N_("时段“%(value)s”不对，应写成 09:00-18:00。"),
    "calendar.bad_interval": N_("时段超出了一天，或开始晚于结束。"),
    "calendar.bad_time": N_("时间“%(value)s”不对，应写成 09:00。"),
    "calendar.bad_weekday": N_("星期“%(value)s”不对。"),
    "calendar.interval_reversed": N_("时段 %(begin)s 到 %(end)s 的开始晚于结束；跨夜请写成两段。"),
    "calendar.bad_name": N_("中英文名称都要填写，最多 %(most)s 个字。"),
    "calendar.change_by_ops": N_("节假日和新日历关系到所有队列，由运营经理或管理员修改。"),
    "calendar.code_taken": N_("代码 %(calendar)s 已经有日历在用。"),
    "calendar.bad_code": N_("代码用 2 到 40 个小写字母、数字或下划线，以字母开头。"),
    "calendar.day_twice": N_("日期 %(date)s 写了两次。"),
    "calendar.never_opens": N_("这样填，这个日历就没有任何上班时间，时限永远不会走。至少要有一个时段。"),
    "calendar.no_length": N_("时段“%(value)s”没有长度。全天写成 00:00-24:00。"),
    "calendar.not_found": N_("没有这个日历。"),
    "calendar.not_yours": N_("这个日历还有别的队列在用，或者不归你的队列用，请找运营经理修改。"),
    "calendar.overnight_on_date": N_(
        "特殊日期的时段 %(begin)s-%(end)s 跨了夜：请写到 24:00，后半夜写在第二天的日期上。"
    ),
    "calendar.stale": N_("你打开之后，这个日历被别人改过了。"),
    "calendar.malformed": N_("日历的格式不对。"),
    "calendar.no_such_version": N_("没有这个版本的日历。"),
    "calendar.too_many_dates": N_("日期最多 %(limit)s 个。"),
    "calendar.too_many_intervals": N_("一天最多 %(limit)s 个时段。"),
    "calendar.unknown_timezone": N_("没有时区“%(timezone)s”。"),
    "holiday.bad_date": N_("第 %(row)s 行：日期“%(value)s”不对。"),
    "holiday.bad_kind": N_("第 %(row)s 行：“%(value)s”应为 off 或 work。"),
    "holiday.bad_row": N_("第 %(row)s 行：格数和表头对不上，或单元格太长。"),
    "holiday.bad_name": N_("第 %(row)s 行：名称里有不能保存的字符。"),
    "holiday.file_too_large": N_("文件太大，最多 %(most_kb)s KB。"),
    "holiday.no_such_day": N_("%(date)s 不在节假日表里。"),
    "holiday.nothing_in_file": N_("文件里没有找到任何放假或调休的日子。"),
    "holiday.not_all_day": N_("第 %(row)s 个事件不是全天事件，看不出放假的日子。"),
    "holiday.bad_event": N_("第 %(row)s 个事件读不懂：缺少日期，或日期不对。"),
    "holiday.recurring": N_("第 %(row)s 个事件是重复事件。节假日每年不同，请用逐日列出的文件。"),
    "holiday.too_long": N_("第 %(row)s 个事件有 %(days)s 天，最多 %(most)s 天。"),
    "holiday.unclear": N_("第 %(row)s 个事件“%(name)s”只说调休，看不出是休息还是上班。"),
    "holiday.unknown_format": N_("只能读 CSV 和 ICS 文件。"),
    "holiday.stale": N_("你打开之后，%(year)s 年的节假日被别人改过了。"),
    "holiday.too_many_events": N_("事件或行数最多 %(most)s 个。"),
    "holiday.wrong_year": N_("日期应在 %(year)s 年之内。"),
    "holiday.year_out_of_range": N_("第 %(row)s 行：年份应在 %(first)s 到 %(last)s 之间。"),
    "holiday.name_too_long": N_("第 %(row)s 行：名称最多 %(limit)s 个字。"),
    "holiday.year_unknown": N_("还没有 %(year)s 年的节假日，先导入再发布。"),
    "holiday.twice": N_("第 %(row)s 行：%(date)s 出现了两次。"),
}
TEAM: Mapping[str, str] = {
    "shift.bad_time": N_("时间“%(value)s”不对，应写成 09:00。"),
    "shift.not_yours": N_("你只能安排自己队列里的人。"),
    "shift.outside": N_("班次要在所选的日子里开始。"),
    "shift.overlap": N_("班次重叠：%(begins)s 开始的一班，与到 %(ends)s 才结束的另一班重叠。"),
    "shift.stale": N_("你打开之后，这几天的班次被别人改过了。"),
    "shift.too_far": N_("日期离今天太远，最多前后 %(most)s 天。"),
    "shift.too_long": N_("一班最多 %(most)s 小时。"),
    "shift.too_many": N_("一人一天最多 %(most)s 班。"),
    "shift.too_many_people": N_("一次最多安排 %(most)s 人。"),
    "shift.too_many_weeks": N_("一次重复 1 到 %(most)s 周。"),
    "absence.backwards": N_("结束要晚于开始。"),
    "absence.bad_kind": N_("没有这种缺勤。"),
    "absence.bad_stand_in": N_("代理人要在职、能处理工单，并且与本人同在一个队列。"),
    "absence.not_found": N_("没有这条缺勤。"),
    "absence.over": N_("这段缺勤已经过去了。"),
    "absence.overlap": N_("这段时间里已经有一条缺勤。"),
    "absence.own_stand_in": N_("不能代理自己。"),
    "absence.stale": N_("你打开之后，这条缺勤已经取消或改动。"),
    "absence.stand_in_away": N_("这位代理人在这段时间里自己也缺勤，请换一位。"),
    "absence.too_long": N_("一段缺勤最多 %(most)s 天。"),
}
IMPORTS: Mapping[str, str] = {
    "import.bad_amount": N_("“%(field)s”不是金额。"),
    "import.bad_csv": N_("第 %(line)s 行不是完整的 CSV。"),
    "import.bad_excel": N_("这不是能读的 Excel 文件。"),
    "import.bad_json": N_("这一行不是 JSON 对象。"),
    "import.bad_quantity": N_("“%(field)s”不是数量。"),
    "import.bad_time": N_("“%(field)s”不是时间。"),
    "import.cell_too_long": N_("单元格最多 %(longest)s 个字。"),
    "import.column_missing": N_("缺少“%(field)s”一列。"),
    "import.column_twice": N_("“%(field)s”对应了多列：%(columns)s。"),
    "import.digits_lost": N_("“%(field)s”被表格软件改成了科学计数，位数已丢失，请把该列设为文本。"),
    "import.empty_file": N_("文件是空的。"),
    "import.field_required": N_("“%(field)s”不能为空。"),
    "import.lease_lost": N_("导入 %(run)s 已由另一个进程接手。"),
    "import.no_shop_or_channel": N_("没有这个店铺或渠道。"),
    "import.no_such_run": N_("没有导入 %(run)s。"),
    "import.not_a_list": N_("“%(field)s”应是一个列表。"),
    "import.refused_by_database": N_("数据库不接受这一行。"),
    "import.rows_disagree": N_("同一订单的几行里，“%(field)s”不一致。"),
    "import.unknown_channel": N_("没有渠道“%(channel)s”。"),
    "import.unknown_shop": N_("没有店铺“%(shop)s”。"),
    "import.file_too_large": N_("文件太大，最多 %(most_mb)s MB。"),
    "import.header_twice": N_("表头重复：%(columns)s。"),
    "import.no_sheet": N_("文件里没有工作表。"),
    "import.not_a_cell": N_("“%(column)s”的值不能放进一个单元格。"),
    "import.not_text": N_("文件的编码认不出来，请存为 UTF-8。"),
    "import.time_ahead": N_("“%(field)s”晚于现在。"),
    "import.too_long": N_("“%(field)s”最多 %(longest)s 个字。"),
    "import.too_many_cells": N_("这一行有 %(cells)s 格，比表头多。"),
    "import.too_many_columns": N_("列数最多 %(most)s。"),
    "import.too_many_rows": N_("行数最多 %(most)s。"),
    "import.unknown_column": N_("没有列“%(column)s”。"),
    "import.unknown_field": N_("没有字段“%(field)s”。"),
    "import.unknown_format": N_("不认识的文件格式：%(suffix)s。"),
}
TARGETS: Mapping[str, str] = {
    "notification.no_such_kind": N_("没有这种通知。"),
    "notification.not_found": N_("没有这条通知。"),
    "outbox.too_many": N_("一次最多选 %(limit)s 条。"),
    "target.bad_digest": N_("合并发送的间隔不能超过 %(most_hours)s 小时。"),
    "target.bad_kind": N_("没有这种通知目标。"),
    "target.bad_mailbox": N_("邮箱地址不对：只写地址本身，最多 %(most)s 个字符。"),
    "target.bad_name": N_("名称要填写，最多 %(most)s 个字，不含控制字符。"),
    "target.bad_news": N_("至少选一种要通知的事。"),
    "target.bad_quiet_hours": N_("免打扰的开始和结束应是一天里两个不同的时间。"),
    "target.bad_sign": N_("密钥不对：最多 %(most)s 个英文字符。"),
    "target.bad_url": N_("地址不对：请完整复制以 https 开头的地址，最多 %(most)s 个字符。"),
    "target.name_taken": N_("名称“%(name)s”已经有人用了。"),
    "target.no_such_target": N_("没有这个通知目标。"),
    "target.not_yours": N_("你只能为自己所在的队列设置通知目标。"),
    "target.option_not_allowed": N_("通知地址里的选项 %(options)s 不允许使用。"),
    "target.other_host": N_("机器人的地址应在 %(hosts)s。"),
    "target.service_not_allowed": N_("通知服务“%(service)s”不允许使用。"),
    "target.stale": N_("你打开之后，这个通知目标被别人改过了。"),
    "target.switched_off": N_("这个通知目标已停用，先启用再测试。"),
    "target.too_many": N_("通知目标最多 %(most)s 个。"),
    "target.url_required": N_("请填写机器人的地址。"),
}
PROBLEMS: Mapping[str, str] = {**ACCESS, **INPUT, **TICKETS, **CALENDARS, **IMPORTS, **TEAM, **TARGETS}

TITLES: Mapping[int, str] = {
    400: N_("请求有误"),
    401: N_("需要登录"),
    403: N_("没有权限"),
    404: N_("找不到"),
    405: N_("打开方式不对"),
    409: N_("有冲突，没有保存"),
    413: N_("内容太大"),
    422: N_("填写有误"),
    429: N_("太频繁了"),
    500: N_("程序出错了"),
    503: N_("暂时不可用"),
}
SHOWN: Mapping[str, Callable[[Any], str]] = {
    "old": status_label,
    "new": status_label,
    "status": status_label,
    "outcome": outcome_label,
    "role": role_label,
    "permission": permission_label,
    "field": field_label,
    "begins": minute_of,
    "ends": minute_of,
    "retry_after": lambda seconds: duration(max(60, seconds + 59)),
    "wait": lambda seconds: duration(max(60, seconds + 59)),
}
"""Parameters that are codes themselves."""


def problem_text(problem: Problem) -> str:
    """One or two sentences about it in the reader's language."""
    return text_of(problem.code, problem.params)


def text_of(code: str, params: Mapping[str, object]) -> str:
    """The same from code and parameters, as they are stored with a bad row of an import."""
    if code not in PROBLEMS:
        return gettext("操作没有完成（%(code)s）。", code=code)
    return gettext(PROBLEMS[code]) % Shown(params)


def problem_title(status: int) -> str:
    """A headline for a page with this HTTP status."""
    return gettext(TITLES[status if status in TITLES else 400 if status < 500 else 500])


class Shown(dict[str, object]):
    """Parameters in the reader's words. One that is missing shows as a dash: words must not fail over it."""

    def __getitem__(self, name: str) -> object:
        value = super().get(name)
        if value is None:
            return "–"
        if isinstance(value, list | tuple | set | frozenset):
            return "、".join(map(str, value))
        return SHOWN[name](value) if name in SHOWN else value

    def __missing__(self, name: str) -> str:
        return "–"
