"""What people are told, in their language: one line of the bell, and a mail or robot's message of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale, format_datetime, gettext, ngettext

from helpdesk.domain.notices import fitted
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.labels import (
    N_,
    appeal_state_label,
    clock_label,
    duration,
    label,
    party_label,
    pause_action_label,
    status_label,
    yuan,
)
from helpdesk.wording.money import money_state_label

NAMES: Mapping[str, str] = {
    "sla.stage": N_("时限提醒与升级"),
    "pause.step": N_("等待过久"),
    "ticket.assigned": N_("分派给我"),
    "ticket.transferred": N_("转入我的队列"),
    "ticket.customer_replied": N_("客户来消息"),
    "ticket.confirmed": N_("客户确认已解决"),
    "ticket.mentioned": N_("提到我"),
    "ticket.merged": N_("我的工单被合并"),
    "ticket.reminded": N_("催办"),
    "assist.asked": N_("请求协助"),
    "assist.answered": N_("协助有答复"),
    "money.asked": N_("补偿等我审批"),
    "money.decided": N_("补偿有结果"),
    "shares.blamed": N_("我的队列被判责"),
    "appeal.filed": N_("责任申诉等我裁定"),
    "appeal.decided": N_("责任申诉有结果"),
    "absence.stand_in": N_("请我代班"),
    "calendar.unconfirmed": N_("节假日未确认"),
    "report.month": N_("月报"),
    "report.day": N_("日报"),
    "outbox.dead": N_("发送失败"),
}
"""Kinds of news, for the pages where people choose."""

SENTENCES: Mapping[str, str] = {
    "sla.stage": N_("%(clock)s已用 %(percent)s%%"),
    "sla.stage.late": N_("%(clock)s已超时"),
    "sla.stage.before": N_("%(clock)s还有 %(time)s到期"),
    "sla.stage.after": N_("%(clock)s已超时 %(time)s"),
    "pause.step": N_("“%(waiting)s”太久：%(pause_action)s"),
    "pause.step.by_hand": N_("“%(waiting)s”太久，要提醒客户：这个渠道不会自动发送，请复制后发出"),
    "pause.step.refused": N_("“%(waiting)s”太久，但“%(pause_action)s”没有做成，请看一下"),
    "ticket.assigned": N_("分派给%(user)s"),
    "ticket.assigned.assist": N_("请求的协助分派给%(user)s"),
    "ticket.transferred": N_("从%(from)s转到%(to)s"),
    "ticket.customer_replied": N_("客户来消息了"),
    "ticket.confirmed": N_("客户确认问题解决了，可以结单"),
    "ticket.mentioned": N_("%(by)s在备注里提到你"),
    "ticket.merged": N_("%(by)s把你的工单 %(number)s 并入了这张"),
    "ticket.reminded": N_("%(by)s催办"),
    "assist.asked": N_("向%(queue)s请求协助"),
    "assist.answered": N_("%(queue)s答复了协助"),
    "money.asked": N_("补偿 %(amount_fen)s 等你审批"),
    "money.decided": N_("补偿 %(amount_fen)s：%(state)s"),
    "shares.blamed": N_("%(party)s承担 %(share)s%% 的责任，48 小时内可以申诉"),
    "appeal.filed": N_("对%(party)s %(share)s%% 的责任提出申诉，等你裁定"),
    "appeal.decided": N_("%(party)s的责任申诉：%(appeal_state)s"),
    "absence.stand_in": N_("%(user)s %(begins)s 到 %(ends)s 不在，由你代班"),
    "calendar.unconfirmed": N_("%(year)s 年的节假日还没有确认，之后的时限是暂定的"),
    "report.month": N_("%(month)s 的月报：新增 %(opened)s 张，平均处理 %(mean_seconds)s"),
    "report.day": N_("%(day)s 的日报：新增 %(opened)s 张，解决 %(resolved)s 张"),
    "outbox.dead": N_("发给%(address)s的消息没有送到：%(error)s"),
}
FAILURES: Mapping[str, str] = {
    "apprise.bad_url": N_("通知地址读不懂"),
    "apprise.not_allowed": N_("这种通知地址不允许使用"),
    "apprise.refused": N_("对方没有接受"),
    "channel.answered": N_("对方回答了错误"),
    "channel.no_way": N_("这个渠道现在没有发送方式"),
    "channel.too_many": N_("对方说太频繁，要歇一歇"),
    "mail.bad_mailbox": N_("邮箱地址不对"),
    "mail.login_refused": N_("邮件服务器拒绝登录"),
    "mail.mailbox_refused": N_("对方邮箱拒收"),
    "mail.no_tls": N_("和邮件服务器的加密连接没有建立"),
    "mail.refused": N_("邮件被拒收"),
    "mail.sender_refused": N_("邮件服务器不接受发件人"),
    "mail.untrusted_certificate": N_("邮件服务器的证书不可信，没有发送"),
    "mail.unreachable": N_("连不上邮件服务器"),
    "net.answer_too_long": N_("对方的回应太长"),
    "net.bad_url": N_("地址不对"),
    "net.internal_address": N_("地址指向内部网络，不允许"),
    "net.no_such_host": N_("找不到这台主机"),
    "net.port_not_allowed": N_("端口不允许"),
    "net.redirected": N_("对方要求转到别的地址，没有跟随"),
    "net.too_slow": N_("对方太久没有回应"),
    "net.unreachable": N_("连不上对方"),
    "report.no_file": N_("报表文件没有做成"),
    "robot.garbled": N_("对方的回应读不懂"),
    "robot.http": N_("对方出错"),
    "robot.refused": N_("机器人拒收：请核对地址、密钥和安全设置"),
    "robot.too_many": N_("发得太多，对方要求停一停"),
    "sender.error": N_("发送程序出错"),
    "target.no_way": N_("还没有设置邮件服务器"),
    "target.gone": N_("收件地址已经撤销"),
}
SHOWN: Mapping[str, Callable[[Any], str]] = {
    "clock": clock_label,
    "pause_action": pause_action_label,
    "waiting": status_label,
    "error": lambda code: failure_text(code),
    "begins": lambda at: _moment(at),
    "ends": lambda at: _moment(at),
    "amount_fen": yuan,
    "mean_seconds": duration,
    "state": money_state_label,
    "party": party_label,
    "appeal_state": appeal_state_label,
    "address": lambda name: gettext("客户") if name == "reply" else str(name),
}


@dataclass(frozen=True, slots=True)
class Worded:
    """A message as it leaves: headline and text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news, names in place of ids. ``url`` of its ticket, or nothing."""

    code: str
    params: Mapping[str, Any]
    ticket_number: str | None = None
    url: str = ""


def kind_label(code: str) -> str:
    return gettext(NAMES[code]) if code in NAMES else code


def failure_text(error: str) -> str:
    """Why something was not delivered; the other side's own code stands behind it in brackets."""
    code, _, theirs = error.partition(":")
    text = gettext(FAILURES[code]) if code in FAILURES else code
    return f"{text} ({theirs})" if theirs else text


def notice_text(
    code: str, params: Mapping[str, Any], ticket_number: str | None = None, locale: str | None = None
) -> str:
    """One line: the ticket's number, if there is one, and what happened. Words are never missing."""
    with force_locale(locale) if locale else nullcontext():
        variant, facts = _variant(code, params)
        text = gettext(SENTENCES[variant]) % _Filled(facts) if variant in SENTENCES else kind_label(code)
        return gettext("工单 %(number)s：%(text)s", number=ticket_number, text=text) if ticket_number else text


def message(news: Sequence[News], total: int, *, most_bytes: int, locale: str) -> Worded:
    """One message of all of it: what doesn't fit into ``most_bytes``, or wasn't read, is counted at its end."""
    with force_locale(locale):
        if not news:
            return Worded(gettext("Unsnag：测试消息"), gettext("收到这条消息，说明通知已经可以送到这里。"))
        lines = [_line(each) for each in news]
        title = (
            lines[0].partition("\n")[0] if total == 1 else ngettext("Unsnag：%(num)s 条", "Unsnag：%(num)s 条", total)
        )
        room = most_bytes - len(title.encode()) - 1
        unread = total - len(news)
        if unread:
            text = fitted([*lines, _more(unread)], room, lambda left_out: _more(left_out - 1 + unread))
        else:
            text = fitted(lines, room, _more)
        return Worded(title, text)


def _moment(text: str) -> str:
    """An instant in the shop's zone, as an event carries it."""
    try:
        return format_datetime(datetime.fromisoformat(text), "d MMM HH:mm" if locale_code() == "en" else "MM-dd HH:mm")
    except (TypeError, ValueError):
        return str(text)


def _line(news: News) -> str:
    text = notice_text(news.code, news.params, news.ticket_number)
    return f"{text}\n{news.url}" if news.url else text


def _more(count: int) -> str:
    return ngettext("另有 %(num)s 条", "另有 %(num)s 条", count)


def _variant(code: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Which sentence says it, and with what."""
    facts = dict(params)
    if code == "pause.step" and "problem" in params:
        return "pause.step.refused", facts
    if code == "pause.step" and params.get("by_hand"):
        return "pause.step.by_hand", facts
    if code == "ticket.assigned" and "assist" in params:
        return "ticket.assigned.assist", facts
    if code != "sla.stage":
        return code, facts
    percent, offset = params.get("percent"), params.get("offset_seconds")
    if isinstance(offset, int):
        facts["time"] = duration(abs(offset))
        return ("sla.stage.before" if offset < 0 else "sla.stage.after" if offset else "sla.stage.late"), facts
    return ("sla.stage.late" if isinstance(percent, int) and percent >= 100 else "sla.stage"), facts


class _Filled(dict[str, Any]):
    """Parameters in the reader's words; one that is missing shows as a dash."""

    def __getitem__(self, name: str) -> str:
        value = super().get(name)
        if value is None:
            return "–"
        if name in SHOWN:
            return SHOWN[name](value)
        return str(value) if isinstance(value, int | float) else label(value)
