"""Rules about time, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpdesk.domain.escalation import PauseStepRule, PlatformRule, Stage
from helpdesk.wording.catalog import gettext, locale_code
from helpdesk.wording.labels import N_, duration, label, small

NOTIFIED: Mapping[str, str] = {
    "assignee": N_("经手人"),
    "owner": N_("负责人"),
    "supervisor": N_("队列主管"),
    "queue": N_("队列全体成员"),
}
REASSIGNED: Mapping[str, str] = {
    "": N_("不改派"),
    "next": N_("改派给队列里的别人"),
    "supervisor": N_("改派给队列主管"),
    "unassign": N_("退回未分派"),
}
STARTS: Mapping[str, str] = {"ticket": N_("建单"), "order_placed": N_("下单")}
MET_BY: Mapping[str, str] = {"reply": N_("回复客户"), "resolve": N_("解决"), "shipped": N_("发货")}
STEPS: Mapping[str, str] = {
    "remind_customer": N_("给客户发一条提醒"),
    "remind_owner": N_("提醒负责人"),
    "tell_supervisor": N_("告诉队列主管"),
    "reopen": N_("不再等，转为处理中"),
    "resolve": N_("告诉客户，然后自动解决"),
}


def notified_label(code: str) -> str:
    return gettext(NOTIFIED[code])


def reassigned_label(code: str) -> str:
    return gettext(REASSIGNED[code])


def starts_label(code: str) -> str:
    return gettext(STARTS[code])


def met_by_label(code: str) -> str:
    return gettext(MET_BY[code])


def step_label(action: str) -> str:
    return gettext(STEPS[action])


def stage_when(stage: Stage) -> str:
    """The moment of a stage, whatever the target."""
    if stage.percent is not None:
        return gettext("到目标的 %(percent)s%%", percent=stage.percent)
    if not stage.offset_seconds:
        return gettext("到目标时")
    time = duration(stage.offset_seconds)
    return (
        gettext("目标前 %(time)s", time=time) if stage.offset_seconds < 0 else gettext("超过目标 %(time)s", time=time)
    )


def stage_deeds(stage: Stage) -> str:
    """What it does."""
    deeds = []
    if stage.notify:
        deeds.append(gettext("提醒%(people)s", people=listed([small(notified_label(who)) for who in stage.notify])))
    if stage.urgency:
        deeds.append(gettext("紧急度升到 %(urgency)s", urgency=stage.urgency))
    if stage.reassign:
        deeds.append(reassigned_label(stage.reassign))
    if stage.tag:
        deeds.append(gettext("加标签“%(tag)s”", tag=stage.tag))
    line = gettext("，").join(map(small, deeds)) or gettext("什么也不做")
    return line[:1].upper() + line[1:]


def stage_text(stage: Stage) -> str:
    return gettext("%(when)s：%(deeds)s", when=stage_when(stage), deeds=stage_deeds(stage))


def step_text(step: PauseStepRule) -> str:
    """A step on a wait."""
    return gettext("等了 %(time)s：%(deed)s", time=duration(step.after_seconds), deed=step_label(step.action))


def platform_text(rule: PlatformRule) -> str:
    """What a platform asks for."""
    return gettext(
        "%(start)s后 %(time)s内%(deed)s",
        start=starts_label(rule.starts),
        time=duration(rule.seconds),
        deed=met_by_label(rule.met_by),
    )


def listed(words: Sequence[str]) -> str:
    """``经手人、负责人和队列主管``."""
    if len(words) < 2:
        return "".join(words)
    between = ", " if locale_code() == "en" else "、"
    return gettext("%(first)s和%(last)s", first=between.join(words[:-1]), last=words[-1])


def rule_name(rule: PlatformRule) -> str:
    return label(rule.name)
