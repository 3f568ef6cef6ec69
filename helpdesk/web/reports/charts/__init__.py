"""Charts as geometry: pure functions from figures to places and sizes in a chart's own units, which templates draw.

A chart carries no words and no colours: a mark has its key, by which the template finds both.
"""

from helpdesk.web.reports.charts.columns import Column, Columns, Part, columns
from helpdesk.web.reports.charts.heat import Cell, Heat, heat
from helpdesk.web.reports.charts.histogram import Bar, Histogram, Mark, histogram
from helpdesk.web.reports.charts.pareto import Pareto, Rank, pareto
from helpdesk.web.reports.charts.scale import Tick, ticks
from helpdesk.web.reports.charts.stacked import Piece, stacked

__all__ = [
    "Bar",
    "Cell",
    "Column",
    "Columns",
    "Heat",
    "Histogram",
    "Mark",
    "Pareto",
    "Part",
    "Piece",
    "Rank",
    "Tick",
    "columns",
    "heat",
    "histogram",
    "pareto",
    "stacked",
    "ticks",
]
