"""Every page in the states that people meet it in: checked for accessibility, width and language, and pictured."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import panel

ACTIVE = "status NOT IN ('resolved', 'closed', 'merged')"
CUSTOMER_SERVICE = "queue_id = (SELECT id FROM queue WHERE code = 'customer_service')"
OVERDUE = (
    "id IN (SELECT ticket_id FROM clock WHERE met_at IS NULL AND cancelled_at IS NULL AND stint_id IS NULL"
    " AND late_after < now())"
)
PHOTOGRAPHED = "id IN (SELECT ticket_id FROM attachment)"
ASKED_OF_WAREHOUSE = (
    "id IN (SELECT ticket_id FROM stint JOIN queue ON queue.id = stint.queue_id"
    " WHERE kind = 'assist' AND left_at IS NULL AND queue.code = 'warehouse')"
)
HAS_SIBLING = (
    "EXISTS (SELECT 1 FROM ticket AS other WHERE other.id <> ticket.id AND other.queue_id = ticket.queue_id"
    " AND other.status NOT IN ('resolved', 'closed', 'merged') AND other.shop_id = ticket.shop_id"
    " AND (other.order_id = ticket.order_id OR other.customer_id = ticket.customer_id))"
)
TALKED_ABOUT = "id IN (SELECT ticket_id FROM message GROUP BY ticket_id HAVING count(*) > 3)"


def nothing(_page: Page) -> None:
    pass


@dataclass(frozen=True)
class Shown:
    """A page in a state: who sees it, where, and what he does there before it is looked at."""

    name: str
    path: str | Callable[[Site], str]
    login: str = "limin"
    act: Callable[[Page], None] = nothing
    status: int = 200
    pictured: bool = True  # in docs/screenshots

    def address(self, site: Site) -> str:
        return self.path if isinstance(self.path, str) else self.path(site)

    def show(self, page: Page, site: Site) -> None:
        answer = page.goto(self.address(site))
        assert answer
        assert answer.status == self.status, f"{self.name}: {answer.status}"
        self.act(page)


def ticket(condition: str, args: str = "", rather: str = "true") -> Callable[[Site], str]:
    """Address of the ticket that burns first where the SQL condition holds, and ``rather`` too if it does anywhere."""
    return lambda site: f"/tickets/{(site.numbers(f'{condition} AND {rather}') or site.numbers(condition))[0]}{args}"


def by_id(path: str, table: str, condition: str) -> Callable[[Site], str]:
    statement = f"SELECT id FROM {table} WHERE {condition}"  # noqa: S608
    return lambda site: f"{path}/{site.rows(statement)[0][0]}"


def insert_a_template(page: Page) -> None:
    page.locator("#suggestions [data-insert]").first.dispatch_event("click")


def search_templates(page: Page) -> None:
    page.locator("#composer-text").press_sequentially("/cd")
    expect(page.locator("#template-options [role=option]").first).to_be_visible()


def type_a_message(page: Page) -> None:
    page.fill("[name=text]", "收到的杯子碎了两个，外箱也压扁了，我要求补发")
    expect(page.locator("[data-preview-target]")).to_contain_text("C")


def leave_it_empty(page: Page) -> None:
    page.fill("[name=text]", " ")
    page.locator("main form [name=text]").evaluate("field => { field.required = false; field.form.noValidate = true }")
    page.click("main button.primary[type=submit]")
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def template_versions(site: Site) -> str:
    return by_id("/templates", "reply_template", "shortcut = 'hf'")(site) + "/versions"


def try_a_template(page: Page) -> None:
    page.locator("[name=body_zh]").press_sequentially("，{colour}", delay=0)
    expect(page.locator("[data-preview-target] .template-gap", has_text="{colour}")).to_be_visible()


def reword_a_template(page: Page) -> None:
    """Versions say more when there are two; looked at again, there is one more."""
    versions = page.url
    page.goto(versions.removesuffix("/versions"))
    body = page.locator("[name=body_zh]")
    body.fill(f"{body.input_value()}\n有事随时找我。")
    page.locator("main button.primary[type=submit]").click()
    page.goto(versions)
    expect(page.locator("main ins").first).to_be_visible()


def open_a_photo(page: Page) -> None:
    page.locator("a[data-view]").first.click()
    page.locator("#viewer").wait_for()


def look_before_merging(page: Page) -> None:
    for one in page.locator("main [name=one]").all()[:1]:  # none is left where others merged or solved them
        one.check()
        page.locator("main .card-foot .btn").click()
        expect(page.locator("#plan-title")).to_be_visible()


def open_panel(name: str) -> Callable[[Page], None]:
    return lambda page: (panel(page, name), None)[1]


def tick_three(page: Page) -> None:
    for tick in page.locator(".ticket-tick input").all()[1:4]:
        if tick.is_visible():  # a phone's rows have none
            tick.check()


def choose_all(page: Page) -> None:
    page.locator("button[name=all]").first.click()


def plan_for_many(page: Page) -> None:
    choose_all(page)
    page.locator("[name=kind][value=priority]").check()
    page.locator("#priority-value").select_option("P1")
    page.locator(".bulk-deed .btn").click()
    expect(page.locator("#plan-title")).to_be_visible()


def change_many(page: Page) -> None:
    """Few enough to be done at once."""
    for tick in page.locator(".ticket-tick input").all()[:3]:
        tick.check()
    page.locator("[data-key-bulk]").click()
    page.locator("[name=kind][value=tag]").check()
    page.locator("#tag-value").fill(f"sorted{page.evaluate('Date.now()')}")  # one that none of them has yet
    page.locator(".bulk-deed .btn").click()
    page.locator("#plan .btn.primary").click()
    expect(page.locator("#plan form[action$=undo]")).to_be_visible()


def open_reasons(page: Page) -> None:
    page.locator(".clock-why").nth(1).locator("summary").click()


def type_hours(page: Page) -> None:
    page.fill("[name=mon]", "9-12 11-18:30")
    page.fill("[name=fri]", "22:00-06:00")
    expect(page.locator("[data-hours-preview]")).to_contain_text("22:00–24:00")


def preview_holidays(page: Page) -> None:
    table = (
        "date,kind,name_zh,name_en\n2030-01-01,off,元旦,New Year's Day\n2030-02-02,work,春节调休上班,Make-up workday\n"
    )
    page.set_input_files("[name=file]", {"name": "2030.csv", "mimeType": "text/csv", "buffer": table.encode()})
    page.click("main button.primary")
    expect(page.locator("main table")).to_be_visible()


CALENDAR = by_id("/calendars", "work_calendar", "code = 'finance'")


def open_a_card_menu(page: Page) -> None:
    page.locator(".board-menu summary").first.click()


def open_assign(page: Page) -> None:
    page.locator("[data-dialog=panel-assign][data-queue]").first.click()
    expect(page.locator("#panel-assign")).to_be_visible()


def choose_an_offer(page: Page) -> None:
    offers = page.locator("#compensation [name=policy]:enabled")
    if offers.count():
        offers.first.check()
        expect(page.locator("#compensation [name=why]")).to_be_visible()


def upload_a_table(page: Page) -> None:
    table = "消息编号,说了什么,订单,备注\nm1,收到的杯子碎了一个角,260,老客户\nm2,发错颜色了,,\n"
    page.locator("[type=file]").set_input_files(
        {"name": "tickets.csv", "mimeType": "text/csv", "buffer": table.encode("gb18030")}
    )
    page.get_by_role("button", name=re.compile("对列|columns")).click()
    expect(page.locator("#column-0")).to_be_visible()


COLUMNS = "class,subject,number,type,status,priority,assignee,queue,created,clock"
HELPED = (
    ' FROM "order" JOIN customer ON customer.id = "order".customer_id JOIN shop ON shop.id = "order".shop_id'
    ' JOIN ticket ON ticket.order_id = "order".id JOIN message ON message.ticket_id = ticket.id AND is_solution'
    " WHERE customer.phone IS NOT NULL ORDER BY ticket.id LIMIT 1"
)


def help_page(site: Site) -> str:
    """Of the shop of a customer with a solution; his order and phone go along for what is done there."""
    ((shop, number, phone),) = site.rows(f'SELECT shop.code, "order".number, customer.phone{HELPED}')
    return f"/help/{shop}#{number}.{phone[-4:]}"


def find_an_order(page: Page) -> None:
    number, _, tail = page.url.partition("#")[2].partition(".")
    page.fill("[name=order_number]", number)
    page.fill("[name=phone]", tail)
    page.click("main button.primary")
    expect(page.locator("#order-title")).to_be_visible()


def follow_a_ticket(page: Page) -> None:
    find_an_order(page)
    page.locator("main .permalink-list a").first.click()
    expect(page.locator("#talk-title")).to_be_visible()


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#palette").get_by_role("option").nth(3)).to_be_visible()


def open_bell(page: Page) -> None:
    page.locator(".bell summary").click()
    expect(page.locator(".bell-rows")).to_be_visible()


def open_data_tables(page: Page) -> None:
    page.locator(".chart-data").evaluate_all("tables => tables.forEach(table => { table.open = true })")


def charged_party(site: Site) -> str:
    """The month of the site that has most of what was resolved."""
    row = site.rows("SELECT substr(first_resolved_at, 1, 7) FROM ticket WHERE first_resolved_at > '' ORDER BY 1 DESC")
    return f"/shares/warehouse?month={row[len(row) // 2][0]}"


MINE = f"{ACTIVE} AND {CUSTOMER_SERVICE}"

PAGES = (
    Shown("login", "/login", login=""),
    Shown("queue", "/tickets"),
    Shown("queue-all", "/tickets", login="xuning"),
    Shown("queue-mine", "/tickets?tab=mine", pictured=False),
    Shown("queue-unassigned", "/tickets?tab=unassigned", act=tick_three),
    Shown(
        "bulk-choice",
        "/tickets?tab=mine",
        act=lambda page: page.locator("button[name=all]").first.click(),
        pictured=False,
    ),
    Shown("bulk-plan", "/tickets", login="luolan", act=plan_for_many, pictured=False),
    Shown("bulk-result", "/tickets?tab=mine", act=change_many, pictured=False),
    Shown("bulk-history", "/tickets/bulk", pictured=False),
    Shown("queue-pending", "/tickets?tab=pending_customer", pictured=False),
    Shown("queue-assists", "/tickets?tab=assists", login="xuning", pictured=False),
    Shown("queue-filtered", "/tickets?class=B&status=closed", pictured=False),
    Shown("queue-nothing-found", "/tickets?q=nothing-like-this", pictured=False),
    Shown("search", "/search?q=快递 起:2026-01-01"),
    Shown("search-names", "/search?q=李&in=names", pictured=False),
    Shown("search-help", "/search", login="luolan", pictured=False),
    Shown("search-nothing-found", "/search?q=nothing-like-this 状态:没有", login="xuning", pictured=False),
    Shown("queue-table", f"/tickets?columns={COLUMNS}", login="luolan"),
    Shown("views", "/views", login="luolan"),
    Shown("view-new", "/views/new?type=damaged", login="luolan", pictured=False),
    Shown("views-columns", f"/views/columns?columns={COLUMNS}", pictured=False),
    Shown("queue-older", "/tickets?status=closed", login="auditor", pictured=False),
    Shown("ticket", ticket(f"{MINE} AND {TALKED_ABOUT}"), act=insert_a_template),
    Shown("ticket-new", ticket("status = 'new' AND klass = 'C'"), login="xuning", pictured=False),
    Shown("ticket-overdue", ticket(f"{MINE} AND {OVERDUE}"), act=open_reasons, pictured=False),
    Shown("ticket-paused", ticket(f"status = 'pending_customer' AND {CUSTOMER_SERVICE}"), pictured=False),
    Shown("ticket-checks", ticket(f"type IN ('lost_parcel', 'quality') AND {ACTIVE}"), login="xuning", pictured=False),
    Shown("ticket-merge", ticket(MINE, "/merge-in", HAS_SIBLING), act=look_before_merging, pictured=False),
    Shown("ticket-split", ticket(MINE, "/split", "nudges > 0"), act=look_before_merging, pictured=False),
    Shown("ticket-resolved", ticket(f"status = 'resolved' AND {CUSTOMER_SERVICE}")),
    Shown("ticket-closed", ticket("status = 'closed' AND klass = 'A'"), login="auditor", pictured=False),
    Shown("ticket-reopened", ticket("cycle > 1"), login="auditor", pictured=False),
    Shown("ticket-approval", ticket("status = 'pending_approval'"), login="xuning", pictured=False),
    Shown(
        "ticket-english",
        ticket("id IN (SELECT ticket_id FROM message WHERE direction = 'in' AND text GLOB '*the *')"),
        login="auditor",
        pictured=False,
    ),
    Shown(
        "ticket-order-unknown",
        ticket('order_id IN (SELECT id FROM "order" WHERE NOT known)'),
        login="auditor",
        pictured=False,
    ),
    Shown(
        "ticket-assist",
        ticket("id IN (SELECT ticket_id FROM stint WHERE kind = 'assist' AND left_at IS NULL)"),
        login="auditor",
        pictured=False,
    ),
    Shown(
        "ticket-related",
        ticket("customer_id IN (SELECT customer_id FROM ticket GROUP BY customer_id HAVING count(*) > 1)"),
        login="auditor",
        pictured=False,
    ),
    Shown("ticket-merged", ticket("status = 'merged'"), login="auditor", pictured=False),
    Shown("ticket-unconfirmed", ticket(f"{MINE} AND tier IN ('suggest', 'none')"), pictured=False),
    Shown("ticket-panel-tag", ticket(MINE), act=open_panel("tag"), pictured=False),
    Shown("ticket-panel-resolve", ticket(MINE), act=open_panel("resolve")),
    Shown("ticket-panel-type", ticket(MINE), act=open_panel("type")),
    Shown("ticket-panel-transfer", ticket(MINE), act=open_panel("transfer"), pictured=False),
    Shown("ticket-panel-assist", ticket(MINE), act=open_panel("assist"), pictured=False),
    Shown("ticket-panel-priority", ticket(MINE), act=open_panel("priority"), pictured=False),
    Shown("ticket-panel-assign", ticket(MINE), login="luolan", act=open_panel("assign"), pictured=False),
    Shown("ticket-panel-owner", ticket(MINE), login="luolan", act=open_panel("owner"), pictured=False),
    Shown("ticket-photos", ticket(PHOTOGRAPHED), login="auditor", pictured=False),
    Shown("ticket-viewer", ticket(PHOTOGRAPHED), login="auditor", act=open_a_photo, pictured=False),
    Shown("ticket-answer", ticket(ASKED_OF_WAREHOUSE), login="sunqiang", pictured=False),
    Shown("ticket-panel-reveal", ticket(f"{MINE} AND customer_id > 0"), act=open_panel("reveal"), pictured=False),
    Shown("ticket-template-search", ticket(MINE), act=search_templates, pictured=False),
    Shown("ticket-templates", ticket(MINE), act=open_panel("templates")),
    Shown("new-ticket", "/tickets/new", act=type_a_message),
    Shown("new-ticket-refused", "/tickets/new", act=leave_it_empty, pictured=False),
    Shown("users", "/users", login="admin"),
    Shown("user", by_id("/users", "user", "login = 'limin'"), login="admin"),
    Shown("user-new", "/users/new", login="admin", pictured=False),
    Shown("queues", "/queues", login="admin"),
    Shown("queue-settings", by_id("/queues", "queue", "code = 'customer_service'"), login="admin"),
    Shown("queue-new", "/queues/new", login="admin", pictured=False),
    Shown("escalation", "/escalation", login="xuning"),
    Shown("escalation-read", "/escalation", login="auditor", pictured=False),
    Shown("escalation-stages", "/escalation/stages", login="xuning"),
    Shown(
        "escalation-queue",
        by_id("/escalation/queues", "queue", "code = 'customer_service'"),
        login="luolan",
        pictured=False,
    ),
    Shown("escalation-pauses", "/escalation/pauses/customer", login="xuning", pictured=False),
    Shown("escalation-platform", "/escalation/platforms/ship_48h", login="xuning", pictured=False),
    Shown("escalation-platform-new", "/escalation/platforms/new", login="xuning", pictured=False),
    Shown("report", "/reports?month=2026-10", login="xuning"),
    Shown("report-tables", "/reports", login="luolan", act=open_data_tables, pictured=False),
    Shown("report-days", "/reports?from=2026-11-02&to=2026-11-15&by=queue&time=work", login="auditor", pictured=False),
    Shown("report-nothing", "/reports?month=2020-01", login="xuning", pictured=False),
    Shown("report-sent", "/reports/sent", login="xuning"),
    Shown("report-months", "/reports/months", login="xuning"),
    Shown("report-tickets", "/reports/tickets?month=2026-10&figure=resolved", login="xuning"),
    Shown("improvements", "/improvements", login="xuning", pictured=False),
    Shown("improvement", by_id("/improvements", "improvement", "state = 'running'"), login="xuning", pictured=False),
    Shown("improvement-new", "/improvements/new", login="xuning", pictured=False),
    Shown("shares", "/shares", login="xuning"),
    Shown("shares-party", charged_party, login="xuning", pictured=False),
    Shown("shares-nothing", "/shares?month=2020-01", login="xuning", pictured=False),
    Shown("appeals", "/shares/appeals", login="luolan"),
    Shown("appeals-agent", "/shares/appeals", login="sunqiang", pictured=False),
    Shown("settings", "/settings", login="luolan", pictured=False),
    Shown("skills", "/skills", login="xuning"),
    Shown("tags", "/tags", login="xuning", pictured=False),
    Shown("tag", by_id("/tags", "tag", "means_id IS NULL"), login="xuning", pictured=False),
    Shown("tag-new", "/tags/new", login="luolan", pictured=False),
    Shown("checklists", "/checklists", login="xuning", pictured=False),
    Shown("checklist", "/checklists/lost_parcel", login="xuning", pictured=False),
    Shown("skill-new", "/skills/new", login="xuning", pictured=False),
    Shown("changes", "/changes", login="auditor"),
    Shown("calendars", "/calendars", login="admin"),
    Shown("calendar-hours", CALENDAR, login="admin", act=type_hours),
    Shown("calendar-new", "/calendars/new", login="admin", pictured=False),
    Shown("calendar-year", lambda site: f"{CALENDAR(site)}/years/2026", login="limin"),
    Shown("holidays", "/calendars/holidays/2026", login="admin"),
    Shown("holidays-missing", "/calendars/holidays/2030", login="limin", pictured=False),
    Shown("holidays-publish", "/calendars/holidays/2026/publish", login="admin", pictured=False),
    Shown("holidays-import", "/calendars/holidays/import", login="admin", act=preview_holidays),
    Shown("team", "/team", login="luolan"),
    Shown("shifts", "/team/shifts?queue=customer_service", login="luolan"),
    Shown("shifts-read", "/team/shifts", pictured=False),
    Shown("shifts-person", by_id("/team/shifts", "user", "login = 'limin'"), login="luolan", pictured=False),
    Shown("absences", "/team/absences", login="luolan"),
    Shown("assists", "/assists", login="sunqiang"),
    Shown("assists-empty", "/assists", pictured=False),
    Shown("channels", "/channels", login="admin"),
    Shown("channel", by_id("/channels", "channel", "code = 'tmall'"), login="admin", pictured=False),
    Shown("channel-new", "/channels/new", login="admin", pictured=False),
    Shown("shop", by_id("/channels/shops", "shop", "true"), login="admin", pictured=False),
    Shown("webhooks", "/webhooks", login="admin", pictured=False),
    Shown("webhook-new", "/webhooks/new", login="admin", pictured=False),
    Shown("help", help_page, login="", pictured=False),
    Shown("help-order", help_page, login="", act=find_an_order),
    Shown("help-ticket", help_page, login="", act=follow_a_ticket),
    Shown("imports", "/imports", login="xuning", pictured=False),
    Shown("import-new", "/imports/new", login="luolan", pictured=False),
    Shown("import-columns", "/imports/new", login="xuning", act=upload_a_table),
    Shown("profile", "/account"),
    Shown("palette", "/tickets", login="luolan", act=open_palette, pictured=False),
    Shown("palette-page", "/palette", login="xuning", pictured=False),
    Shown("notifications", "/notifications", login="luolan"),
    Shown("notifications-menu", "/tickets", login="luolan", act=open_bell, pictured=False),
    Shown("notifications-unread", "/notifications?show=unread&kind=calendar.unconfirmed", pictured=False),
    Shown("notifications-own", "/account/notifications"),
    Shown("targets", "/targets", login="xuning"),
    Shown("tokens", "/tokens", login="admin", pictured=False),
    Shown("token-new", "/tokens/new", login="admin", pictured=False),
    Shown("api-reference", "/api", login="admin", pictured=False),
    Shown("target-new", "/targets/new?kind=dingtalk", login="luolan"),
    Shown("target-new-mail", "/targets/new?kind=mail", login="xuning", pictured=False),
    Shown("outbox", "/outbox", login="xuning"),
    Shown("board", "/board", login="xuning"),
    Shown("approvals", "/approvals", login="luolan"),
    Shown("approvals-own", "/approvals", pictured=False),
    Shown("ledger", "/compensations", login="xuning"),
    Shown("ledger-nothing-found", "/compensations?number=nothing", login="auditor", pictured=False),
    Shown("payouts", "/payouts", login="hejuan"),
    Shown("payout-new", "/payouts/new", login="hejuan", pictured=False),
    Shown("ticket-offer", ticket(MINE), act=choose_an_offer, pictured=False),
    Shown("triage", "/triage"),
    Shown("triage-nothing", "/triage", login="zhouda", pictured=False),
    Shown("words", "/words", login="xuning"),
    Shown("words-all", "/words/all", login="luolan", pictured=False),
    Shown("words-dead", "/words/dead?type=damaged", login="xuning", pictured=False),
    Shown("words-adopt", "/words/adopt?type=damaged&phrase=外箱压扁&weight=strong", login="xuning", pictured=False),
    Shown("words-models", "/words/models", login="xuning", pictured=False),
    Shown("templates", "/templates", login="xuning", pictured=False),
    Shown("templates-nothing-found", "/templates?q=nothing-like-this&state=retired", pictured=False),
    Shown("template-new", "/templates/new", act=try_a_template, pictured=False),
    Shown(
        "template",
        by_id("/templates", "reply_template", "active"),
        login="xuning",
        act=try_a_template,
        pictured=False,
    ),
    Shown("template-read", by_id("/templates", "reply_template", "active"), pictured=False),
    Shown("template-versions", template_versions, login="xuning", act=reword_a_template, pictured=False),
    Shown("board-people", "/board?by=agent", login="luolan", act=open_a_card_menu, pictured=False),
    Shown("board-overdue", "/board?show=overdue", login="xuning", act=tick_three),
    Shown("board-assign", "/board", login="xuning", act=open_assign, pictured=False),
    Shown("board-empty", "/board?show=soon&by=type", login="auditor", pictured=False),
    Shown("board-wall", "/board/wall", login="xuning"),
    Shown("error-not-found", "/tickets/EX-000101-0001", status=404),
    Shown("error-not-allowed", "/users", status=403, pictured=False),
)
