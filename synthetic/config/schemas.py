"""JSON Schemas (2020-12) of the five kinds of files, made of the models: editors complete and check with them."""

from __future__ import annotations

from typing import Any

from synthetic.config.models import CellsModel, PlatformModel, ScenarioModel
from synthetic.config.models.serving import ServingModel
from synthetic.config.models.slo import SloModel
from synthetic.config.positions import Node

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files."""
    return _schema(ScenarioModel, "A Synthetic scenario")


def platform_schema() -> dict[str, Any]:
    """The JSON Schema of platform mappings."""
    return _schema(PlatformModel, "A Synthetic platform mapping")


def cells_schema() -> dict[str, Any]:
    """The JSON Schema of cells files."""
    return _schema(CellsModel, "A Synthetic cells file")


def serving_schema() -> dict[str, Any]:
    """The JSON Schema of serve files."""
    return _schema(ServingModel, "A Synthetic serve file")


def slo_schema() -> dict[str, Any]:
    """The JSON Schema of SLO files."""
    return _schema(SloModel, "A Synthetic SLO file")


def _schema(model: type[Node], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **model.model_json_schema(mode="validation", by_alias=True), "title": title}
