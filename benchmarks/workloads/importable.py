"""Classes that both ends can import."""

from dataclasses import dataclass


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
