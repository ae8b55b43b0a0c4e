// The file names of notebook cells and REPL inputs, without what differs between runs.
#ifndef CPPICKLE_BYTECODE_STABLE_FILENAME_H_
#define CPPICKLE_BYTECODE_STABLE_FILENAME_H_

#include <string_view>

namespace cppickle::bytecode {

// `filename` (UTF-8) itself, or the one name that stands for
//
//   <ipython-input-3-0123456789ab>       IPython
//   .../ipykernel_4711/1234567890.py     Jupyter: the kernel's process and a cell
//   .../ipython-input-3-1234567890.py    Colab
//   <python-input-3>                     Python's own prompt, from 3.13 on
std::string_view stable_filename(std::string_view filename);

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_STABLE_FILENAME_H_
