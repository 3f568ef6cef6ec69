"""What went wrong, said so that the reader knows what to do next. A test holds that every code has its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpdesk.domain.compensation import BLOCK_CODES
from helpdesk.domain.problems import Problem
from helpdesk.wording.attachments import ATTACHMENTS
from helpdesk.wording.calendar_problems import CALENDARS, TEAM
from helpdesk.wording.catalog import gettext
from helpdesk.wording.exchange_problems import EXCHANGE
from helpdesk.wording.explanations import AMOUNTS, evidence_label
from helpdesk.wording.labels import (
    N_,
    duration,
    field_label,
    outcome_label,
    permission_label,
    role_label,
    status_label,
    task_label,
    yuan,
)
from helpdesk.wording.list_problems import LISTS
from helpdesk.wording.report_problems import REPORTS
from helpdesk.wording.self_service import SELF_SERVICE
from helpdesk.wording.share_problems import SHARES
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
    "changes.unknown_kind": N_("没有这一类设置。"),
    "changes.unknown_person": N_("没有这个人。"),
    "escalation.bad_hours": N_("时间应在 1 到 %(most)s 小时之间。"),
    "escalation.bad_minutes": N_("离目标最多 %(most)s 分钟。"),
    "escalation.end_not_last": N_("结束等待的一步要排在最后，后面不能再有别的步骤。"),
    "escalation.house_by_ops": N_("所有队列共用的规则由运营经理修改，你可以给自己的队列单独设置升级阶段。"),
    "escalation.idle_stage": N_("到了这个时候什么也不做：请至少选一件事，或删掉这一行。"),
    "escalation.no_channel": N_("请至少选一个渠道。"),
    "escalation.no_stage": N_("请至少留一个升级阶段。"),
    "escalation.no_such_rule": N_("没有这条平台时限。"),
    "escalation.resolves_customers_only": N_("只有等客户的工单可以自动解决。"),
    "escalation.same_moment": N_("前面已经有一行是同一个时候，请合成一行。"),
    "escalation.text_required": N_("发给客户的内容，中英文都要填写。"),
    "escalation.text_too_long": N_("发给客户的内容最多 %(most)s 个字。"),
    "escalation.too_many_rules": N_("平台时限最多 %(most)s 条。"),
    "escalation.too_many_stages": N_("一个列表最多 %(most)s 个升级阶段。"),
    "escalation.too_many_steps": N_("一种等待最多 %(most)s 个步骤。"),
    "escalation.unknown_placeholder": N_("自动发送时填不上 {%(names)s}，可用的是 {customer}、{shop}、{order}。"),
    "checklist.bad_item": N_("每一项要填写，最多 %(most)s 个字，不含控制字符；英文可以留空。"),
    "checklist.no_such_type": N_("规则里没有类型 %(type)s。"),
    "checklist.not_done": N_("还不能标记解决，检查清单里没有完成：%(items)s。"),
    "checklist.same_item": N_("有两项写的一样。"),
    "checklist.stale": N_("你打开之后，这份检查清单被别人改过了。"),
    "checklist.too_many": N_("一份检查清单最多 %(most)s 项。"),
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
    "http.bad_request": N_("请求有误，没有做任何改动。"),
    "http.not_found": N_("没有这个页面，或者你看不到它。"),
    "http.method_not_allowed": N_("这个地址不能这样打开。请从页面上的按钮进入。"),
    "http.too_many": N_("操作太频繁，请稍后再试。"),
    "http.server_error": N_("程序出错了，没有保存这次操作。请把下面的编号告诉管理员。"),
    "http.other": N_("请求没有完成（%(status)s）。"),
    "http.database": N_("数据库暂时不可用，没有保存这次操作。请稍后再试。"),
}
TICKETS: Mapping[str, str] = {
    "ticket.created_in_future": N_("时间不能晚于现在。"),
    "ticket.illegal_move": N_("工单不能从“%(old)s”变成“%(new)s”。"),
    "ticket.job_outcome": N_("后台任务不能以“%(outcome)s”结案。"),
    "link.circle": N_("工单 %(parent)s 已经在 %(number)s 的下面，上下级不能绕成圈。"),
    "link.exists": N_("和工单 %(number)s 已经有这个关联了。"),
    "link.merged": N_("工单 %(number)s 已经并入别的工单，请关联到那一张。"),
    "link.not_found": N_("没有这个关联，可能刚刚被取消了。"),
    "link.to_itself": N_("工单 %(number)s 不能关联到它自己。"),
    "link.too_many": N_("工单 %(number)s 已经有 %(limit)s 个关联，不能再加了。"),
    "link.unknown_relation": N_("请选择是什么关系。"),
    "link.unknown_ticket": N_("没有工单 %(number)s，或者你看不到它。"),
    "merge.appeal_waits": N_("工单 %(number)s 还有责任申诉没有裁定，裁定后再合并。"),
    "merge.assist_waits": N_("工单 %(number)s 还有协助请求没有答复，答复或撤回后再合并。"),
    "merge.heard_since": N_("合并后客户又在工单 %(number)s 里来了消息，分不清说的是哪一张，不能撤销。"),
    "merge.money_waits": N_("工单 %(number)s 还有补偿等待审批，批完后再合并。"),
    "merge.nothing_chosen": N_("请选择要合并的工单。"),
    "merge.target_ended": N_("工单 %(number)s 已经结束，不能再把并进来的工单拆回去。"),
    "merge.too_many": N_("一次最多合并 %(limit)s 张工单。"),
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
    "words.bad_length": N_("词要有 1 到 %(limit)s 个字。"),
    "words.bad_weight": N_("没有这种分量：%(weight)s。"),
    "words.bad_word": N_("“%(word)s”不能当词：要有文字，花括号要成对，省略号不能在两头。"),
    "words.no_such_change": N_("没有这条词的改动。"),
    "words.not_there": N_("这个类型没有“%(word)s”这个词，可能已经被停用。"),
    "words.proposal_moved": N_("“%(word)s”已经有人处理了。"),
    "words.taken_back_already": N_("“%(word)s”的这次改动已经撤回了。"),
    "words.there_already": N_("这个类型已经有“%(word)s”这个词。"),
    "ticket.has_order": N_("工单 %(number)s 已经有订单了。"),
    "order.not_found": N_("这家店没有订单 %(number)s。"),
    "order.of_another_customer": N_("订单 %(number)s 是另一位客户的，不能关联。"),
    "ticket.type_decided": N_("工单 %(number)s 的类型已经有人定了。"),
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
    "reminder.nobody": N_("还没有别人负责这张工单，没有人可以提醒。先指派给一个人。"),
    "reminder.too_soon": N_("10 分钟内已经催办过，%(wait)s 后可以再催。"),
    "message.before_ticket": N_("消息的时间早于建单太多，请核对。"),
    "draft.too_many": N_("草稿最多 %(most)s 份，请先发出或清空一些。"),
    "message.channel_sends_nothing": N_("这个渠道不会自动发送，请复制后发出。"),
    "message.not_failed": N_("这条消息没有失败，不用再发。"),
    "message.channel_sends_itself": N_("这个渠道会自动发送，不用复制。"),
    "message.colleague_replied": N_("同事刚才已经回复了客户。看过以后再决定要不要发；你写的内容还在。"),
    "message.newer_message": N_("客户刚才又来了消息。看过以后再发；你写的内容还在。"),
    "message.not_found": N_("没有这条消息。"),
    "message.not_queued": N_("这条消息已经发出或撤回了。"),
    "message.not_yours": N_("只有发送的人可以撤回。"),
    "message.resolved_since": N_("回复之后工单已经结案，不能再撤回这条回复。"),
    "message.status_after": N_("发送后不能变成“%(status)s”。"),
    "template.action_twice": N_("有的动作重复了：转交、优先级和补偿各只能有一个，同一个标签只加一次。"),
    "template.bad_body_en": N_("英文内容最多 %(most)s 个字，不能有控制字符。"),
    "template.bad_body_zh": N_("请填写内容，最多 %(most)s 个字，不能有控制字符。"),
    "template.bad_scope": N_("请选择谁可以用；选团队时还要选队列。"),
    "template.bad_shortcut": N_("快捷码最多 %(most)s 个字，只用小写字母、数字、汉字、下划线和短横线。"),
    "template.bad_status": N_("发送后的状态选得不对。"),
    "template.bad_title_en": N_("英文标题最多 %(most)s 个字，不能换行。"),
    "template.bad_title_zh": N_("请填写标题，最多 %(most)s 个字，不能换行。"),
    "template.bad_words": N_("推荐词一共最多 %(most)s 个字。"),
    "template.no_such_version": N_("这条话术没有这一版。"),
    "template.not_found": N_("没有这条话术。"),
    "template.not_yours": N_(
        "你不能修改这条话术：个人话术只能由本人修改，团队话术由主管修改，所有人的话术由运营修改。"
    ),
    "template.shortcut_taken": N_("快捷码 %(shortcut)s 已有话术在用，请换一个。"),
    "template.saved_already": N_("这个表单已经保存过一条话术。要再写一条，请从“写一条”重新打开。"),
    "template.stale": N_("你打开之后，这条话术被别人改过了。"),
    "template.too_many": N_("话术最多 %(most)s 条，请先停用不用的。"),
    "template.unknown_in_body_en": N_("英文内容里有认不出的占位符：%(names)s。"),
    "template.unknown_in_body_zh": N_("内容里有认不出的占位符：%(names)s。"),
    "template.unknown_policy": N_("规则里没有补偿方案 %(policy)s。"),
    "template.unknown_queue": N_("没有队列 %(queue)s。"),
    "template.unknown_type": N_("所选的工单类型不存在。"),
    "template.bad_action": N_("有一个动作填写得不对，请检查标签、队列、方案和优先级。"),
    "template.bad_actions": N_("一条话术最多带 %(most)s 个动作。"),
    "message.template_gone": N_("这条话术刚被停用或收回，随它的动作没有执行，回复也没有发出。内容还在，可以直接发。"),
    "message.text_required": N_("请填写回复内容。"),
    "message.too_late_to_take_back": N_("超过 %(seconds)s 秒，已经发出，不能撤回了。"),
    "message.unresolved_placeholders": N_("还有没填的占位：%(names)s。"),
    "note.text_required": N_("请填写备注内容。"),
    "order.number_required": N_("请填写订单号。"),
    "order.number_too_long": N_("订单号最多 %(longest)s 个字符。"),
    "order.parcel_twice": N_("同一个运单号出现了两次。"),
    "order.too_many": N_("“%(field)s”最多 %(most)s 项。"),
    "customer.unknown": N_("这张工单还不知道客户是谁。"),
    "customer.vip_already": N_("这位客户已经是 VIP 了。"),
    "customer.vip_no_more": N_("这位客户已经不是 VIP 了。"),
    "customer.vip_reason_required": N_("请说明为什么是 VIP，最多 %(limit)s 个字。"),
    "customer.reason_required": N_("请说明查看原因，最多 %(limit)s 个字。"),
    "operation.already_undone": N_("这一步已经撤销过了。"),
    "operation.moved_on": N_("工单 %(number)s 之后又有改动，不能撤销。"),
    "operation.too_late": N_("超过 %(hours)s 小时，不能再撤销了。"),
    "operation.not_found": N_("没有可以撤销的操作。"),
    "inbound.different_body": N_("编号 %(external_id)s 已经用过，内容却不同（工单 %(number)s）。"),
    "inbound.id_required": N_("请求里缺少来源编号。"),
    "compensation.amount_not_positive": N_("金额要大于零。"),
    **{code: AMOUNTS[code] for code in BLOCK_CODES},
    "compensation.above_cap": N_("这个方案最多 %(limit_fen)s。"),
    "compensation.agreed_already": N_("你已经同意过了，要等另一位。"),
    "compensation.bad_amount": N_("金额写成元，最多两位小数，例如 12.50。"),
    "compensation.below_floor": N_("这个方案至少 %(limit_fen)s。"),
    "compensation.choose_policy": N_("请先选一个方案。"),
    "compensation.decided": N_("这笔补偿已经有了结果，没有改动。"),
    "compensation.evidence_missing": N_("还缺证据：%(evidence)s。"),
    "compensation.in_payment_file": N_("这笔在打款文件里还没有结果，先登记结果再冲回。"),
    "compensation.key_used": N_("这个表单已经提交过另一笔补偿，请刷新后再提。"),
    "compensation.negative_money": N_("金额不能为负数。"),
    "compensation.no_right": N_("%(role)s不能提出补偿。"),
    "compensation.not_asked": N_("这笔补偿不该由你审批。"),
    "compensation.not_found": N_("没有这笔补偿。"),
    "compensation.not_offered": N_("这个类型没有这个补偿方案。"),
    "compensation.not_yours": N_("只有提出人可以撤回。"),
    "compensation.own_proposal": N_("自己提出的补偿不能自己批。"),
    "compensation.paid_by_file": N_("这种补偿由财务的打款文件支付。"),
    "compensation.reason_required": N_("要写原因。"),
    "ledger.too_many_rows": N_("共 %(rows)s 笔，一个文件最多 %(most)s 笔；把时间段缩短一些。"),
    "compensation.stale": N_("这笔补偿刚刚有变化，请看过再操作。"),
    "payout.made_meanwhile": N_("刚刚有人生成了打款文件，请刷新后再看。"),
    "payout.not_found": N_("没有这个打款文件。"),
    "payout.no_such_row": N_("打款文件 %(number)s 里有一行已经登记过结果。"),
    "payout.nothing_due": N_("没有等待打款的补偿。"),
    "payout.stale": N_("打款文件 %(number)s 刚刚有人登记过结果，请看过再操作。"),
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
    "import.no_such_file": N_("没有这个文件，可能放得太久已被清理，请重新上传。"),
    "import.over": N_("这次导入已经结束，不用取消。"),
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
PROBLEMS: Mapping[str, str] = {
    **ACCESS,
    **INPUT,
    **TICKETS,
    **CALENDARS,
    **IMPORTS,
    **TEAM,
    **EXCHANGE,
    **LISTS,
    **ATTACHMENTS,
    **SHARES,
    **REPORTS,
    **SELF_SERVICE,
}

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
    "evidence": evidence_label,
    "limit_fen": yuan,
    "items": task_label,
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
            return "、".join(str(self._shown(name, each)) for each in value)
        return self._shown(name, value)

    @staticmethod
    def _shown(name: str, value: object) -> object:
        return SHOWN[name](value) if name in SHOWN else value

    def __missing__(self, name: str) -> str:
        return "–"
