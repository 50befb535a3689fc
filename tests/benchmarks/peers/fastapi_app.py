"""The same resources by FastAPI, SQLAlchemy and asyncpg, served by uvicorn on uvloop."""

import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, String, Text, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime

KEY = os.environ["PEER_KEY"]

engine = create_async_engine(
    f"postgresql+asyncpg://postgres@/fastapi?host={os.environ['PEER_SOCKET']}", pool_size=10
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


def now() -> datetime:
    return datetime.now(UTC)


# Tables -----------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), list[str]: JSONB, str: Text}


class User(Base):
    __tablename__ = "users"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)


class Prompt(Base):
    __tablename__ = "prompts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(100))
    content: Mapped[str]
    model: Mapped[str] = mapped_column(String(100))
    tags: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Log(Base):
    __tablename__ = "logs"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    prompt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("prompts.id"), index=True)
    output: Mapped[str]
    model_used: Mapped[str] = mapped_column(String(100))
    score: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


# Shapes -----------------------------------------------------------------------------------------


class PromptIn(BaseModel):
    title: str = Field(min_length=3, max_length=100)
    content: str = Field(min_length=1, max_length=200_000)
    model: str = Field(min_length=1, max_length=100)
    tags: list[str] = []


class PromptEdit(BaseModel):
    title: str = Field(default="", min_length=3, max_length=100)
    content: str = Field(default="", min_length=1, max_length=200_000)
    model: str = Field(default="", min_length=1, max_length=100)
    tags: list[str] = []


class PromptOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    owner_id: uuid.UUID
    title: str
    content: str
    model: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime


class LogIn(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    prompt_id: uuid.UUID
    output: str = Field(min_length=1, max_length=200_000)
    model_used: str = Field(min_length=1, max_length=100)
    score: float | None = Field(default=None, ge=0, le=10)


class LogOut(LogIn):
    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    id: uuid.UUID
    created_at: datetime


# Who calls --------------------------------------------------------------------------------------

app = FastAPI()
bearer = HTTPBearer()


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


async def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)], session: Session
) -> User:
    try:
        claims = jwt.decode(credentials.credentials, KEY, algorithms=["HS256"])
        user = await session.get(User, uuid.UUID(claims["sub"]))
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED) from error
    if user is None or not user.is_active:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED)
    return user


Caller = Annotated[User, Depends(current_user)]


# Routes -----------------------------------------------------------------------------------------


@app.get("/prompts/{prompt_id}", response_model=PromptOut)
async def get_prompt(prompt_id: uuid.UUID, user: Caller, session: Session) -> Any:
    rows = select(Prompt).where(Prompt.id == prompt_id, Prompt.owner_id == user.id)
    prompt = await session.scalar(rows)
    if prompt is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return prompt


@app.get("/prompts", response_model=list[PromptOut])
async def list_prompts(user: Caller, session: Session) -> Any:
    rows = select(Prompt).where(Prompt.owner_id == user.id).order_by(Prompt.id)
    return (await session.scalars(rows)).all()


@app.get("/search", response_model=list[PromptOut])
async def search_prompts(
    q: Annotated[str, Query(min_length=1)], user: Caller, session: Session
) -> Any:
    columns = (Prompt.title, Prompt.content)
    found = or_(*(column.icontains(q, autoescape=True) for column in columns))
    rows = select(Prompt).where(Prompt.owner_id == user.id, found)
    return (await session.scalars(rows)).all()


@app.post("/prompts", response_model=PromptOut, status_code=status.HTTP_201_CREATED)
async def create_prompt(sent: PromptIn, user: Caller, session: Session) -> Any:
    prompt = Prompt(owner_id=user.id, **sent.model_dump())
    session.add(prompt)
    await session.commit()
    return prompt


@app.patch("/prompts/{prompt_id}", response_model=PromptOut)
async def update_prompt(
    prompt_id: uuid.UUID, sent: PromptEdit, user: Caller, session: Session
) -> Any:
    row = update(Prompt).where(Prompt.id == prompt_id, Prompt.owner_id == user.id)
    changed = row.values(**sent.model_dump(exclude_unset=True)).returning(Prompt)
    prompt = await session.scalar(changed)
    if prompt is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    await session.commit()
    return prompt


@app.post("/logs", response_model=LogOut, status_code=status.HTTP_201_CREATED)
async def create_log(sent: LogIn, user: Caller, session: Session) -> Any:
    rows = select(Prompt.id).where(Prompt.id == sent.prompt_id, Prompt.owner_id == user.id)
    if await session.scalar(rows) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    log = Log(**sent.model_dump())
    session.add(log)
    await session.commit()
    return log
