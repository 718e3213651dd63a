"""How a panel looks: the few shapes that our dashboards are drawn with."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

SOURCE = DataSourceRef("prometheus", "langnghe-prometheus")
HEIGHT = 8

Queries = Mapping[str, str]
"""What the legend says of a line (`{{label}}` stands for a label's value), to the query that draws it."""


def line(title: str, unit: str, queries: Queries, *, width: int = 12, says: str = "") -> timeseries.Panel:
    """Values over time. `unit` is Grafana's id of it; `says` tells the reader what to look for."""
    legend = common.VizLegendOptions().show_legend(True)
    legend = legend.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    panel = timeseries.Panel().title(title).description(says).datasource(SOURCE).unit(unit).min(0).legend(legend)
    return panel.height(HEIGHT).span(width).targets(_targets(queries))


def lamp(title: str, query: str, *, good: int, words: Mapping[int, str], width: int = 4, says: str = "") -> stat.Panel:
    """The present state in words: green where the value is `good`, red where it is not."""
    mapping: ValueMapping = ValueMap(
        {str(value): ValueMappingResult(text, "green" if value == good else "red") for value, text in words.items()}
    )
    panel = _stat(title, says).mappings([mapping])
    panel = panel.graph_mode(BigValueGraphMode.NONE).color_mode(BigValueColorMode.BACKGROUND)
    return panel.height(4).span(width).targets(_targets({"": query}, instant=True))


def number(title: str, unit: str, query: str, *, alarming: float, width: int = 4, says: str = "") -> stat.Panel:
    """The present value: green below `alarming`, red from there on."""
    steps = [Threshold(color="green"), Threshold(value=alarming, color="red")]
    thresholds = dashboards.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    panel = _stat(title, says).unit(unit).thresholds(thresholds)
    return panel.height(4).span(width).targets(_targets({"": query}, instant=True))


def _stat(title: str, says: str) -> stat.Panel:
    latest = common.ReduceDataOptions().calcs(["lastNotNull"])
    return stat.Panel().title(title).description(says).datasource(SOURCE).reduce_options(latest)


def _targets(queries: Queries, *, instant: bool = False) -> list[Builder[Dataquery]]:
    targets = [
        prometheus.Dataquery().ref_id(chr(ord("A") + at)).legend_format(legend).expr(query)
        for at, (legend, query) in enumerate(queries.items())
    ]
    return [target.instant() if instant else target.range() for target in targets]
