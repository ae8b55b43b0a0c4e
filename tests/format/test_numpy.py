"""numpy arrays, where numpy is installed: a large client of the reduce protocol."""

import pickle

import pytest

import cppickle

np = pytest.importorskip("numpy", reason="numpy is not installed")

ARRAYS = {
    "scalar": lambda: np.float64(1.5),
    "0-d": lambda: np.array(3),
    "empty": lambda: np.empty(0),
    "ints": lambda: np.arange(10),
    "matrix": lambda: np.arange(12.0).reshape(3, 4),
    "fortran": lambda: np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "strided": lambda: np.arange(20)[::3],
    "strings": lambda: np.array(["a", "bb"]),
    "objects": lambda: np.array([1, "a", None, [2]], dtype=object),
    "structured": lambda: np.zeros(3, dtype=[("a", "i4"), ("b", "f8", (2,))]),
    "dates": lambda: np.array(["2024-02-29"], dtype="datetime64[D]"),
    "large": lambda: np.arange(100_000.0),
    "dtype": lambda: np.dtype("f4"),
    "ufunc": lambda: np.add,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_same_bytes(same_bytes, name):
    obj = ARRAYS[name]()
    same_bytes(obj, range(2, 6))
    same_bytes([obj, obj], [5])


def test_arrays_of_many_dtypes_again_and_again(same_bytes):
    kinds = "?bBhHiIlLqQefdgFD"
    arrays = [np.zeros(3, kind) for kind in kinds]
    swapped = [array.astype(array.dtype.newbyteorder()) for array in arrays]
    for _ in range(2):
        same_bytes(arrays + swapped + arrays, range(2, 6))


def test_a_dtype_with_metadata(same_bytes):
    plain, noted = np.dtype("f8"), np.dtype("f8", metadata={"unit": "m"})
    same_bytes(plain, [5])
    same_bytes([noted, plain, noted], [5])


@pytest.mark.parametrize("name", ARRAYS)
def test_out_of_band(name):
    obj, ours, theirs = ARRAYS[name](), [], []
    stream = cppickle.dumps(obj, buffer_callback=ours.append)
    assert stream == pickle.dumps(obj, 5, buffer_callback=theirs.append)
    assert [b.raw() for b in ours] == [b.raw() for b in theirs]


def test_out_of_band_shares_memory():
    array, buffers = np.arange(1000.0), []
    stream = cppickle.dumps(array, buffer_callback=buffers.append)
    again = pickle.loads(stream, buffers=buffers)
    assert np.shares_memory(array, again)
