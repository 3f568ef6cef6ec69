"""The pages, cut by noun."""

from __future__ import annotations

from flask import Flask

from helpdesk.web import access, clock_signs, errors, filters, locale, security
from helpdesk.web.accounts import accounts
from helpdesk.web.api import api
from helpdesk.web.api_reference import api_reference
from helpdesk.web.assists import assists
from helpdesk.web.attachments import attachments
from helpdesk.web.board import board
from helpdesk.web.calendars import calendars
from helpdesk.web.changes import changes
from helpdesk.web.channels import channels
from helpdesk.web.checklists import checklists
from helpdesk.web.escalation import escalation
from helpdesk.web.help import help_page
from helpdesk.web.imports import imports
from helpdesk.web.improvements import improvements
from helpdesk.web.money import money
from helpdesk.web.notifications import notifications
from helpdesk.web.queues import queues
from helpdesk.web.reply_templates import reply_templates
from helpdesk.web.reports import reports
from helpdesk.web.search import search
from helpdesk.web.settings import settings
from helpdesk.web.shares import shares
from helpdesk.web.skills import skills
from helpdesk.web.tags import tags
from helpdesk.web.team import team
from helpdesk.web.tickets import tickets
from helpdesk.web.tokens import tokens
from helpdesk.web.triage import triage
from helpdesk.web.views import views
from helpdesk.web.webhooks import webhooks
from helpdesk.web.words import words

BLUEPRINTS = (
    accounts,
    api,
    api_reference,
    board,
    assists,
    attachments,
    money,
    queues,
    tags,
    team,
    tickets,
    calendars,
    changes,
    channels,
    checklists,
    escalation,
    help_page,
    imports,
    improvements,
    notifications,
    reply_templates,
    reports,
    search,
    settings,
    shares,
    skills,
    tokens,
    triage,
    views,
    webhooks,
    words,
)


def init_app(app: Flask) -> None:
    """Register blueprints and what they share. What stands first here looks at a request first."""
    security.init_app(app)
    access.init_app(app)
    locale.init_app(app)
    filters.init_app(app)
    clock_signs.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
