"""Changes of settings: a sentence, and what was and is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask_babel import get_timezone, gettext

from helpdesk.domain.calendars import Calendar
from helpdesk.domain.escalation import parse_pause_step, parse_platform_rule, parse_stage
from helpdesk.domain.rulebook import Label
from helpdesk.wording.calendars import hours_text
from helpdesk.wording.escalation import platform_text, rule_name, stage_text, step_text
from helpdesk.wording.events import EVENTS, Happened, words
from helpdesk.wording.labels import N_, absence_label, assignment_label, duration, label, status_label, task_label

SENTENCES: Mapping[str, str] = {
    **EVENTS,
    "queue.member_joined": N_("把%(user)s加入队列 %(queue)s"),
    "queue.member_left": N_("让%(user)s离开队列 %(queue)s"),
    "skill.given": N_("登记%(user)s有技能 %(skill)s"),
    "skill.taken": N_("取消%(user)s的技能 %(skill)s"),
    "shift.changed": N_("改了%(user)s从 %(day)s 起的排班"),
    "shift.repeated": N_("给%(user)s重复了排班，从 %(day)s 起共 %(shifts)s 班"),
    "absence.added": N_("登记了%(user)s的缺勤"),
    "absence.cancelled": N_("取消了%(user)s的缺勤"),
    "user.created": N_("新建用户%(user)s，角色 %(role)s"),
    "user.changed": N_("修改了%(user)s的资料"),
    "user.role_changed": N_("%(user)s的角色：%(old)s → %(new)s"),
    "user.deactivated": N_("停用了用户%(user)s"),
    "user.reactivated": N_("重新启用了用户%(user)s"),
    "user.password_set": N_("重置了%(user)s的密码"),
    "user.capacity": N_("%(user)s的在手上限：%(was)s → %(stands)s"),
}
PARTS: Mapping[str, str] = {
    "stages": N_("改了默认的升级阶段，规则版本 %(version)s"),
    "queue_stages": N_("改了队列自己的升级阶段，规则版本 %(version)s"),
    "queue_targets": N_("改了队列时限，规则版本 %(version)s"),
    "pause_steps": N_("改了等久了怎么办，规则版本 %(version)s"),
    "platform_rules": N_("改了平台时限，规则版本 %(version)s"),
}
RULES: Mapping[str, str] = {
    "stages": N_("升级阶段"),
    "pause_steps": N_("等久了怎么办"),
    "platform_rules": N_("平台时限"),
}
KINDS: Mapping[str, str] = {
    "queues": N_("队列与成员"),
    "escalation": N_("升级规则"),
    "calendars": N_("工作日历"),
    "skills": N_("技能"),
    "tags": N_("标签"),
    "checklists": N_("检查清单"),
    "templates": N_("话术"),
    "views": N_("共用视图"),
    "exports": N_("导出"),
    "team": N_("排班和缺勤"),
    "targets": N_("通知目标"),
    "channels": N_("店铺与渠道"),
    "webhooks": N_("Webhook"),
    "tokens": N_("令牌"),
    "users": N_("用户"),
    "reports": N_("报表月份"),
    "improvements": N_("上游优化"),
    "classifier": N_("自动判定"),
}
FIELDS: Mapping[str, str] = {
    "name": N_("名称"),
    "scopes": N_("权限"),
    "shop_id": N_("店铺"),
    "expires_at": N_("到期时间"),
    "name_zh": N_("中文名"),
    "name_en": N_("英文名"),
    "calendar_id": N_("日历"),
    "assignment": N_("分派方式"),
    "capacity": N_("每人在手上限"),
    "writes_to_buyers": N_("成员可以回复客户"),
    "active": N_("在用"),
    "title": N_("做什么"),
    "type": N_("工单类型"),
    "cut": N_("范围"),
    "value": N_("范围"),
    "bottleneck": N_("主要卡点"),
    "direction": N_("优化方向"),
    "owner_id": N_("负责人"),
    "measure": N_("看什么减少"),
    "expected_percent": N_("预期减少"),
    "started_on": N_("开始日期"),
    "items": N_("检查项"),
    "colour": N_("颜色"),
    "types": N_("工单类型"),
    "channels": N_("渠道"),
    "locale": N_("语言"),
    "kind": N_("安排"),
    "kinds": N_("通知哪些事"),
    "queue_id": N_("队列"),
    "address": N_("地址"),
    "secret": N_("密钥"),
    "digest_seconds": N_("合并发送"),
    "quiet_from": N_("安静时段"),
    "quiet_to": N_("安静时段"),
    "hours": N_("每周时段"),
    "overrides": N_("特殊日期"),
    "make_up_hours": N_("调休上班日的时段"),
    "make_up_days": N_("调休上班日"),
    "observes_holidays": N_("跟随法定节假日"),
    "public_holidays": N_("法定节假日"),
    "confirmed_through": N_("节假日已确认到"),
}
LOCALES: Mapping[str, str] = {"zh_CN": "中文", "en": "English"}
DAYS: Mapping[str, str] = {"off": N_("放假"), "work": N_("调休上班")}


class Changed(Happened, Protocol):
    """A change with the part of the rules, or the calendar, before and after it."""

    @property
    def before(self) -> Any: ...

    @property
    def after(self) -> Any: ...

    @property
    def queues(self) -> Mapping[str, Label]: ...


@dataclass(frozen=True, slots=True)
class Value:
    """What a setting was and is; empty where there was or is nothing, or where the values are not told."""

    name: str
    before: str = ""
    after: str = ""


def kind_label(kind: str) -> str:
    return gettext(KINDS[kind])


def change_text(change: Changed) -> str:
    """What somebody did, as a sentence without him."""
    part = PARTS.get(str(change.params.get("section")))
    return words(change, {**SENTENCES, change.code: part} if part else SENTENCES)


def change_values(change: Changed) -> list[Value]:
    """What was, and is."""
    if "section" in change.params:
        return _rule_values(change.params["section"], change)
    if isinstance(change.before, Calendar):
        return _calendar_values(change)
    if "changes" in change.params:
        return [_value(name, pair) for name, pair in change.params["changes"].items()]
    if change.code == "absence.added":
        until = " – ".join(_minute(change.params[name]) for name in ("begins", "ends"))
        return [Value(absence_label(change.params["kind"]), after=until)]
    if change.code == "shift.changed":
        return [Value(gettext("班次"), *(_shifts(change.params[name]) for name in ("was", "stands")))]
    return [Value(name) for name in dict.fromkeys(map(_field, change.params.get("fields", ())))]


def _value(name: str, pair: list[Any]) -> Value:
    return Value(_field(name), *(_shown(name, value) for value in pair))


def _field(name: str) -> str:
    return gettext(FIELDS[name]) if name in FIELDS else name


def _shown(name: str, value: Any) -> str:
    if value is None:
        return gettext("无上限") if name == "capacity" else gettext("无")
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if name == "items":
        return _joined(map(_task, value)) or gettext("无")
    if isinstance(value, list):
        return gettext("、").join(label(one) for one in value) or gettext("无")
    if name == "assignment":
        return assignment_label(value)
    if name == "locale":
        return LOCALES.get(value, value)
    if name == "kind":
        return gettext(DAYS[value]) if value in DAYS else str(value)
    return label(value) if isinstance(value, str | Label) else str(value)


def _task(item: Mapping[str, Any]) -> str:
    named = task_label(item)
    return named if item["required"] else gettext("%(item)s（选做）", item=named)


def _calendar_values(change: Changed) -> list[Value]:
    hours = hours_text(change.before), hours_text(change.after)
    return [Value(_field(name), *(hours if name == "hours" else ("", ""))) for name in change.params.get("fields", ())]


def _rule_values(section: str, change: Changed) -> list[Value]:
    """Lines that went and lines that came."""
    if section in ("queue_targets", "queue_stages"):
        return _by_queue(section, change.before or {}, change.after or {}, change.queues)
    gone, come = _lines(section, change.before), _lines(section, change.after)
    return [
        Value(
            gettext(RULES[section]),
            _joined(line for line in gone if line not in come),
            _joined(line for line in come if line not in gone),
        )
    ]


def _by_queue(
    section: str, before: Mapping[str, Any], after: Mapping[str, Any], queues: Mapping[str, Label]
) -> list[Value]:
    """What changed of the parts that are set for each queue."""
    show = _target if section == "queue_targets" else _own_stages
    changed = sorted(code for code in {*before, *after} if before.get(code) != after.get(code))
    return [Value(label(queues.get(code, code)), show(before.get(code)), show(after.get(code))) for code in changed]


def _target(seconds: int | None) -> str:
    return gettext("无") if seconds is None else duration(seconds)


def _own_stages(rows: Any) -> str:
    return gettext("用默认的") if rows is None else _joined(_lines("stages", rows))


def _lines(section: str, rows: Any) -> list[str]:
    match section:
        case "stages":
            return [stage_text(parse_stage(row)) for row in rows or ()]
        case "pause_steps":
            return [_step(row) for row in rows or ()]
        case _:
            return [_platform(row) for row in rows or ()]


def _step(row: Mapping[str, Any]) -> str:
    step = parse_pause_step(row)
    line = gettext("%(when)s：%(deeds)s", when=status_label(step.status), deeds=step_text(step))
    return f"{line} {label(step.text)}" if step.text else line


def _platform(row: Mapping[str, Any]) -> str:
    rule = parse_platform_rule(row)
    return gettext("%(when)s：%(deeds)s", when=rule_name(rule), deeds=platform_text(rule))


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _shifts(stamps: list[Any]) -> str:
    return _joined(" – ".join(map(_minute, pair)) for pair in stamps) or gettext("无")


def _minute(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp).astimezone(get_timezone()):%m-%d %H:%M}"
