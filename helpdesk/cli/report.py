"""``flask report``: count what changed, and prove that the report's sums are right."""

from __future__ import annotations

from collections.abc import Iterable

import click
from flask.cli import AppGroup

from helpdesk.domain.reports import SUMMED
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.queries import report_proof
from helpdesk.queries.report_proof import Proof
from helpdesk.services import report_facts, report_sums
from helpdesk.storage import read_one_moment, unit_of_work

SHOWN = 20
"""Differences that are told one by one."""

group = AppGroup("report", help="Count what changed, and prove the monthly report's figures (see docs/reports.md).")


@group.command("follow")
def follow() -> None:
    """Count every ticket that changed, now; the job worker does so every few seconds."""
    click.echo(f"counted {follow_reports()}")


@group.command("recount")
@click.option("--facts", is_flag=True, help="Also compare the facts with the tickets they are of.")
@click.option("--repair", is_flag=True, help="Write the sums anew where they are wrong.")
def recount(*, facts: bool, repair: bool) -> None:
    """Add all facts up and compare with the sums that pages read. Exit code 1 if anything differs."""
    read_one_moment()
    found = report_proof.proof()
    click.echo(f"sums: {len(found.days)} days, {len(found.parts)} parts; {_verdict(found)}")
    _tell(_differences(found), len(found.wrong_days) + len(found.wrong_parts))
    strayed = report_proof.strayed(SHOWN) if facts else report_proof.Strayed()
    if facts:
        click.echo(f"facts: {strayed.many} differ from their tickets")
        _tell((f"{number} {side}: {what}" for number, side, what in strayed.some), strayed.many)
    if repair and not found.holds:
        _repair()
        click.echo("sums: written anew")
    if not found.holds or strayed.many:
        raise click.exceptions.Exit(1)


def _repair() -> None:
    with unit_of_work():
        report_facts.hold_still()
        found = report_proof.proof()
        report_sums.rewrite(found.days, found.parts)


def _verdict(found: Proof) -> str:
    return "they equal the facts" if found.holds else "they DIFFER from the facts"


def _differences(found: Proof) -> Iterable[str]:
    for (cut, day, value), stored, ought in found.wrong_days:
        figures = (
            f"{name} {was} instead of {is_}" for name, was, is_ in zip(SUMMED, stored, ought, strict=True) if was != is_
        )
        yield f"{day} {cut} {value}: {', '.join(figures)}"
    for (cut, month, value, part, key), was, is_ in found.wrong_parts:
        yield f"{month:%Y-%m} {cut} {value} {part} {key}: {was} instead of {is_}"


def _tell(differences: Iterable[str], many: int) -> None:
    for _, text in zip(range(SHOWN), differences, strict=False):
        click.echo(f"  {text}", err=True)
    if many > SHOWN:
        click.echo(f"  … {many - SHOWN} more", err=True)
