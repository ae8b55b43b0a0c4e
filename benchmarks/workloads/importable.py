"""Classes that both ends can import."""

from dataclasses import dataclass
from typing import NamedTuple


class Order:
    def __init__(self, number: int):
        self.number = number
        self.price = number * 0.5
        self.item = f"item {number}"


class Slotted:
    __slots__ = ("item", "number", "price")

    def __init__(self, number: int):
        self.number = number
        self.price = number * 0.5
        self.item = f"item {number}"


@dataclass
class Record:
    number: int
    price: float
    item: str


class Answering:
    def __init__(self, number: int, item: str = "item"):
        self.number = number
        self.item = item

    def __reduce__(self):
        return Answering, (self.number, self.item)


class Versioned:
    def __init__(self, number: int):
        self.number = number

    def __reduce_ex__(self, protocol: int):
        return Versioned, (0,), {"number": self.number}


class Stateful:
    def __init__(self, number: int):
        self.number = number
        self.item = "item"
        self.cache = None

    def __getstate__(self):
        state = self.__dict__.copy()
        state["cache"] = None
        return state


class Listing(list):
    pass


class Place(NamedTuple):
    name: str
    price: float
    number: int
