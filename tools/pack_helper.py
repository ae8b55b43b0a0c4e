"""Packs the text of the runtime helper: to be run after each change of it.

    python tools/pack_helper.py

Reads the text from src/identity/runtime_helper.cc and writes packed_helper.h beside it.
The packed bytes are in the repository because they differ between versions of zlib, and
streams are to be the same wherever the library was built.
"""

import itertools
import pathlib
import re
import zlib

FOLDER = pathlib.Path(__file__).parent.parent / "src" / "identity"
HEADER = """// Made by tools/pack_helper.py of the text in runtime_helper.cc, deflated.
#ifndef CPPICKLE_IDENTITY_PACKED_HELPER_H_
#define CPPICKLE_IDENTITY_PACKED_HELPER_H_

namespace cppickle::identity {

// clang-format off
inline constexpr unsigned char kPackedHelper[] = {
%s
};
// clang-format on

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_PACKED_HELPER_H_
"""


def text_of_helper():
    source = (FOLDER / "runtime_helper.cc").read_text("utf-8")
    return re.search(r'R"py\((.*?)\)py"', source, re.DOTALL)[1].encode()


def packed(text):
    """The shortest form that zlib finds."""

    def deflated(level, memory, strategy, window):
        packer = zlib.compressobj(level, zlib.DEFLATED, window, memory, strategy)
        return packer.compress(text) + packer.flush()

    strategies = zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_RLE, zlib.Z_FIXED
    settings = itertools.product(range(1, 10), range(1, 10), strategies, range(10, 16))
    return min((deflated(*setting) for setting in settings), key=len)


def main():
    data = packed(text_of_helper())
    lines = [
        "    " + " ".join(f"0x{byte:02x}," for byte in data[start : start + 12])
        for start in range(0, len(data), 12)
    ]
    header = FOLDER / "packed_helper.h"
    header.write_text(HEADER % "\n".join(lines), "utf-8")
    print(f"{header.name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
