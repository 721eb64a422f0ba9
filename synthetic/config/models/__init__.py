"""The three kinds of files as pydantic models: what may be written, with a description of every key.

The JSON Schemas for editors are made of them, and docs/language.md and docs/mapping.md have to mention every key (a test compares).
"""

from synthetic.config.models.cells import CellModel, CellsModel, ClientCertificateModel, PlayerModel, ProxyModel
from synthetic.config.models.exchanges import (
    CloseModel,
    ExchangeModel,
    HttpModel,
    OpenModel,
    ReceiveModel,
    RefusalModel,
    SaveModel,
    SendModel,
)
from synthetic.config.models.home import ReconcileModel, StatementModel, SweepModel, WalletCallModel, WithdrawModel
from synthetic.config.models.platform import (
    BlameModel,
    ConnectionModel,
    DefaultsModel,
    KeyModel,
    LookupModel,
    MovesModel,
    OperationModel,
    PlatformModel,
    PollModel,
    ProofModel,
    StateCallModel,
    StateModel,
    UndoModel,
)
from synthetic.config.models.scenario import (
    InvariantModel,
    LeaseModel,
    NeededStateModel,
    ScenarioModel,
    ScheduleModel,
    StepModel,
)

__all__ = [
    "BlameModel",
    "CellModel",
    "CellsModel",
    "ClientCertificateModel",
    "CloseModel",
    "ConnectionModel",
    "DefaultsModel",
    "ExchangeModel",
    "HttpModel",
    "InvariantModel",
    "KeyModel",
    "LeaseModel",
    "LookupModel",
    "MovesModel",
    "NeededStateModel",
    "OpenModel",
    "OperationModel",
    "PlatformModel",
    "PlayerModel",
    "PollModel",
    "ProofModel",
    "ProxyModel",
    "ReceiveModel",
    "ReconcileModel",
    "RefusalModel",
    "SaveModel",
    "ScenarioModel",
    "ScheduleModel",
    "SendModel",
    "StateCallModel",
    "StateModel",
    "StatementModel",
    "StepModel",
    "SweepModel",
    "UndoModel",
    "WalletCallModel",
    "WithdrawModel",
]
