"""Tables, one file per noun. Importing this package makes all of them known to the metadata."""

from helpdesk.models.appeals import Appeal, TicketEvidence
from helpdesk.models.attachments import Attachment
from helpdesk.models.bulk import BulkRow, BulkRun
from helpdesk.models.calendars import CalendarVersion, Holiday, HolidayYear, WorkCalendar
from helpdesk.models.checklists import Checklist, ChecklistItem, ChecklistTick
from helpdesk.models.clocks import ClockRow, ClockStage
from helpdesk.models.compensation import Compensation, CompensationApproval, Payout, PayoutBatch
from helpdesk.models.customers import Customer
from helpdesk.models.decisions import Correction, DecisionRow
from helpdesk.models.drafts import TicketDraft
from helpdesk.models.events import Event, Operation
from helpdesk.models.inbound import Inbound
from helpdesk.models.jobs import ImportFile, JobRun, JobRunError, Lease
from helpdesk.models.learned import LearnedModel
from helpdesk.models.links import TicketLink
from helpdesk.models.mailboxes import Mailbox
from helpdesk.models.messages import Message, Note
from helpdesk.models.notifications import Envelope, Notification, NotificationChoice, NotificationTarget
from helpdesk.models.onlookers import Onlooker
from helpdesk.models.orders import Order, OrderLine, OrderStatus, Parcel
from helpdesk.models.outbox import Outbox
from helpdesk.models.paces import QueuePace
from helpdesk.models.pauses import PauseStep, TicketPause
from helpdesk.models.queues import Membership, Queue
from helpdesk.models.replies import ReplyTemplate, ReplyTemplateVersion, TemplateOffer, TemplateUse
from helpdesk.models.reports import (
    Improvement,
    ReportDay,
    ReportDue,
    ReportFact,
    ReportFactParty,
    ReportFactTime,
    ReportLine,
    ReportMonth,
    ReportPart,
    ReportRecalculation,
    ReportSending,
    ReportTicketSku,
)
from helpdesk.models.rulebooks import RuleBookRow
from helpdesk.models.search import SearchProgress
from helpdesk.models.shifts import Absence, Shift
from helpdesk.models.shops import Channel, Shop
from helpdesk.models.skills import Skill, UserSkill
from helpdesk.models.tags import Tag
from helpdesk.models.tickets import Responsibility, Stint, Ticket, TicketNumber, TicketReader, TicketTag
from helpdesk.models.tokens import ApiToken, IdempotentAnswer
from helpdesk.models.users import LoginAttempt, User, UserSession
from helpdesk.models.views import SavedView
from helpdesk.models.webhooks import Webhook, WebhookCall
from helpdesk.models.words import PhraseProposal, WordHealth

__all__ = [
    "Absence",
    "ApiToken",
    "Appeal",
    "Attachment",
    "BulkRow",
    "BulkRun",
    "CalendarVersion",
    "Channel",
    "Checklist",
    "ChecklistItem",
    "ChecklistTick",
    "ClockRow",
    "ClockStage",
    "Compensation",
    "CompensationApproval",
    "Correction",
    "Customer",
    "DecisionRow",
    "Envelope",
    "Event",
    "Holiday",
    "HolidayYear",
    "IdempotentAnswer",
    "ImportFile",
    "Improvement",
    "Inbound",
    "JobRun",
    "JobRunError",
    "LearnedModel",
    "Lease",
    "LoginAttempt",
    "Mailbox",
    "Membership",
    "Message",
    "Note",
    "Notification",
    "NotificationChoice",
    "NotificationTarget",
    "Onlooker",
    "Operation",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Outbox",
    "Parcel",
    "PauseStep",
    "Payout",
    "PayoutBatch",
    "PhraseProposal",
    "Queue",
    "QueuePace",
    "ReplyTemplate",
    "ReplyTemplateVersion",
    "ReportDay",
    "ReportDue",
    "ReportFact",
    "ReportFactParty",
    "ReportFactTime",
    "ReportLine",
    "ReportMonth",
    "ReportPart",
    "ReportRecalculation",
    "ReportSending",
    "ReportTicketSku",
    "Responsibility",
    "RuleBookRow",
    "SavedView",
    "SearchProgress",
    "Shift",
    "Shop",
    "Skill",
    "Stint",
    "Tag",
    "TemplateOffer",
    "TemplateUse",
    "Ticket",
    "TicketDraft",
    "TicketEvidence",
    "TicketLink",
    "TicketNumber",
    "TicketPause",
    "TicketReader",
    "TicketTag",
    "User",
    "UserSession",
    "UserSkill",
    "Webhook",
    "WebhookCall",
    "WordHealth",
    "WorkCalendar",
]
