"""The demo's people: of every role, with logins that are easy to remember and one password."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.domain.access import Role

PASSWORD = "unsnag-demo-2026"  # noqa: S105  printed for everybody, and never planted outside the demo


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    role: Role
    queues: tuple[str, ...] = ()
    capacity: int | None = None


PEOPLE: tuple[Person, ...] = (
    Person("limin", "李敏", Role.AGENT, ("customer_service",), 20),
    Person("zhangwei", "张伟", Role.AGENT, ("customer_service",), 20),
    Person("wangfang", "王芳", Role.AGENT, ("customer_service",), 20),
    Person("chenjie", "陈洁", Role.AGENT, ("customer_service",), 15),
    Person("liuyang", "刘洋", Role.AGENT, ("customer_service",), 15),
    Person("zhaolei", "赵蕾", Role.AGENT, ("customer_service",), 15),
    Person("sunqiang", "孙强", Role.AGENT, ("warehouse",)),
    Person("zhouda", "周达", Role.AGENT, ("warehouse",)),
    Person("wuping", "吴萍", Role.AGENT, ("warehouse",)),
    Person("hejuan", "何娟", Role.FINANCE, ("finance",)),
    Person("maliang", "马亮", Role.FINANCE, ("finance",)),
    Person("luolan", "罗兰", Role.SUPERVISOR, ("customer_service",)),
    Person("dinghao", "丁浩", Role.SUPERVISOR, ("warehouse", "finance")),
    Person("xuning", "徐宁", Role.OPS),
    Person("admin", "沈晨", Role.ADMIN),
    Person("auditor", "方正", Role.AUDITOR),
)


def logins(queue: str) -> tuple[str, ...]:
    """Who does the queue's daily work: its members but for supervisors."""
    return tuple(person.login for person in PEOPLE if queue in person.queues and person.role is not Role.SUPERVISOR)


def supervisor(queue: str) -> str:
    """Who watches over the queue."""
    return next(person.login for person in PEOPLE if queue in person.queues and person.role is Role.SUPERVISOR)
