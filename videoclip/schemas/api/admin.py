"""The installation, as its administrators see it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from videoclip.schemas.api.base import Incoming
from videoclip.schemas.api.fields import Id
from videoclip.schemas.api.jobs import ErrorOut, StandingOut, State
from videoclip.schemas.api.workspaces import WorkspaceOut

__all__ = [
    "AdminJobOut",
    "AdminJobsPage",
    "AdminUserOut",
    "ClusterOut",
    "DeploymentOut",
    "DisabledIn",
    "DispatcherOut",
    "NodeOut",
    "StatusOut",
    "UsersPage",
    "WorkspaceShareIn",
    "WorkspacesPage",
]


class AdminUserOut(BaseModel):
    """A user, as administrators see them."""

    id: Id
    email: str
    name: str
    is_admin: bool
    created_ms: int
    disabled_ms: int | None = Field(description="locked out since; null: may sign in")


class UsersPage(BaseModel):
    """Some users, oldest first."""

    users: list[AdminUserOut]
    next_cursor: str | None


class WorkspacesPage(BaseModel):
    """Some workspaces, oldest first."""

    workspaces: list[WorkspaceOut]
    next_cursor: str | None


class DisabledIn(Incoming):
    """Whether the user is locked out."""

    disabled: bool


class WorkspaceShareIn(Incoming):
    """A workspace's share of the machines."""

    weight: int = Field(1, ge=1, le=1000)
    max_running: int | None = Field(None, ge=1, le=10_000, description="null: no limit")


class DispatcherOut(BaseModel):
    """A dispatcher that was heard of lately."""

    id: str
    slots: int
    running: int
    draining: bool
    seen_ms: int


class NodeOut(BaseModel):
    """A machine of the Ray cluster."""

    name: str
    alive: bool
    cpus: float
    gpus: float
    memory_bytes: int


class DeploymentOut(BaseModel):
    """Something that Ray Serve keeps running, such as a model."""

    app: str
    name: str
    status: str = Field(description="HEALTHY, UPDATING, UNHEALTHY and the like, as Ray Serve says")
    message: str
    replicas: dict[str, int] = Field(description="how many are in which state")


class ClusterOut(BaseModel):
    """The Ray cluster that this gateway is part of."""

    nodes: list[NodeOut]
    deployments: list[DeploymentOut]


class StatusOut(BaseModel):
    """How the installation does."""

    jobs: dict[str, int] = Field(description="by state, of all workspaces")
    dispatchers: list[DispatcherOut]
    version: str
    oldest_waiting_ms: int | None = Field(
        description="when the job that waits longest was asked for; null: none waits"
    )
    disk_free_bytes: int = Field(description="where the data folder lies")
    disk_bytes: int
    cluster: ClusterOut | None = Field(
        description="null: this gateway is no part of a Ray cluster, or the cluster does not answer"
    )


class AdminJobOut(BaseModel):
    """A job of any workspace, without what was asked for; times are milliseconds since 1970."""

    id: Id
    workspace_id: Id
    workspace: str = Field(description="its name")
    kind: str
    state: State
    attempt: int
    failures: int
    error: ErrorOut | None
    enqueued_ms: int
    started_ms: int | None
    finished_ms: int | None
    standing: StandingOut | None = Field(
        description="why it waits or what it does; null: it is over"
    )


class AdminJobsPage(BaseModel):
    """Some jobs."""

    jobs: list[AdminJobOut]
    next_cursor: str | None
