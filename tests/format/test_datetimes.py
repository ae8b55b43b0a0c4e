"""Objects of the module datetime, which are written without asking them."""

import copyreg
import datetime
import pickle
import zoneinfo

import pytest

import cppickle

UTC = datetime.timezone.utc
CET = datetime.timezone(datetime.timedelta(hours=1), "CET")
NOON = datetime.datetime(2024, 2, 29, 12, 30, 59, 999_999)

OBJECTS = {
    "datetime": NOON,
    "datetime in the fold": NOON.replace(fold=1),
    "datetime with time zone": NOON.replace(tzinfo=CET),
    "datetime with both": NOON.replace(tzinfo=UTC, fold=1),
    "first datetime": datetime.datetime.min,
    "last datetime": datetime.datetime.max,
    "date": NOON.date(),
    "time": NOON.time(),
    "time in the fold": datetime.time(1, 2, 3, 4, fold=1),
    "time with time zone": datetime.time(1, tzinfo=CET),
    "midnight": datetime.time(),
    "difference": datetime.timedelta(3, 2, 1),
    "negative difference": datetime.timedelta(-1, 86_399, 1),
    "largest difference": datetime.timedelta.max,
    "no difference": datetime.timedelta(),
}


class Day(datetime.date):
    pass


@pytest.mark.parametrize("name", OBJECTS)
def test_same_bytes(same_bytes, roundtrip, name):
    obj = OBJECTS[name]
    same_bytes(obj)
    same_bytes([obj, obj, (obj, [obj])])
    assert roundtrip(obj) == obj
    assert getattr(roundtrip(obj), "fold", 0) == getattr(obj, "fold", 0)


def test_all_kinds_in_one_stream(same_bytes):
    same_bytes([*OBJECTS.values()] * 2)
    same_bytes(dict(enumerate(OBJECTS.values())))
    same_bytes({"datetime": NOON, "date": NOON.date(), "time": NOON.time()})


def test_frames_end_where_the_standard_pickler_s_do(same_bytes):
    for fill in range(0, 60, 7):
        start = ["x" * fill]
        many = [NOON + datetime.timedelta(seconds=i) for i in range(5000)]
        same_bytes(start + many, [4, 5])
        same_bytes(start + [moment - NOON for moment in many], [4, 5])
        same_bytes(start + [moment.replace(tzinfo=CET) for moment in many], [4, 5])


def test_subclasses_are_asked(same_bytes, roundtrip):
    day = Day(2024, 2, 29)
    same_bytes([day, day], [2, 3, 4, 5])
    assert type(roundtrip(day)) is Day


class Zone(datetime.tzinfo):
    """A time zone that holds the datetime that it belongs to."""

    def utcoffset(self, moment):
        return datetime.timedelta(0)


def test_a_time_zone_that_leads_back(roundtrip, same_bytes):
    zone = Zone()
    moment = zone.moment = NOON.replace(tzinfo=zone)
    same_bytes(moment, [4, 5])
    again = roundtrip(moment)
    assert again.tzinfo.moment.tzinfo is again.tzinfo


def test_time_zones_of_zoneinfo(same_bytes):
    try:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones on this system")
    same_bytes([NOON.replace(tzinfo=zone)] * 2)


def test_a_registered_reducer_comes_first(monkeypatch, same_bytes):
    table = copyreg.dispatch_table
    monkeypatch.setitem(table, datetime.date, lambda day: (int, (day.year,)))
    same_bytes([NOON.date(), NOON.date()])
    assert pickle.loads(cppickle.dumps(NOON.date())) == 2024


def test_a_table_that_changes_in_the_middle():
    class Switch:
        def __reduce__(self):
            copyreg.dispatch_table[datetime.date] = lambda day: (int, (day.year,))
            return (list, ())

    try:
        stream = cppickle.dumps([NOON.date(), Switch(), datetime.date(1999, 1, 1)])
    finally:
        copyreg.dispatch_table.pop(datetime.date, None)
    assert pickle.loads(stream) == [NOON.date(), [], 1999]


def test_another_class_in_its_place(monkeypatch):
    monkeypatch.setattr(datetime, "date", Day)
    with pytest.raises(pickle.PicklingError):
        cppickle.dumps(NOON.date())
