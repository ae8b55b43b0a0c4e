"""Classes that SQLAlchemy has mapped: refused, for the mapping cannot travel."""

import pickle

import pytest
from support.source import define

import cppickle

sqlalchemy = pytest.importorskip("sqlalchemy")

SOURCE = """
    from sqlalchemy import Column, ForeignKey, Integer, String, Table
    from sqlalchemy import orm
    class Base(orm.DeclarativeBase): pass
    class User(Base):
        __tablename__ = "user"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        posts: orm.Mapped[list["Post"]] = orm.relationship(back_populates="user")
    class Post(Base):
        __tablename__ = "post"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        user_id: orm.Mapped[int] = orm.mapped_column(ForeignKey("user.id"))
        user: orm.Mapped[User] = orm.relationship(back_populates="posts")
    Old = orm.declarative_base()
    class Thing(Old):
        __tablename__ = "thing"
        id = Column(Integer, primary_key=True)
    class Plain:
        pass
    mapping = orm.registry()
    table = Table("plain", mapping.metadata, Column("id", Integer, primary_key=True))
    mapping.map_imperatively(Plain, table)
    def use(): return User
    """


@pytest.fixture(scope="module")
def mapped():
    return define(SOURCE)


@pytest.mark.parametrize(
    "sent", ["User", "User(id=1)", "Post", "Base", "Thing", "Plain", "Plain()", "use"]
)
def test_a_mapped_class_is_refused_with_the_way_out(mapped, sent):
    name = "User" if sent == "use" else sent.partition("(")[0]
    with pytest.raises(pickle.PicklingError, match=f"{name}.*SQLAlchemy") as caught:
        cppickle.dumps([eval(sent, mapped.globals)])
    assert "Define it in a module" in str(caught.value)
    assert "while pickling list[0]" in str(caught.value)


def test_tables_keep_their_own_way(mapped):
    made = define(
        "def f(): return [column.name for column in table.columns]", table=mapped.table
    )
    assert pickle.loads(cppickle.dumps(made.f))() == ["id"]
