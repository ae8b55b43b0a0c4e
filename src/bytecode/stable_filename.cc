#include "bytecode/stable_filename.h"

#include <algorithm>

namespace cppickle::bytecode {
namespace {

constexpr std::string_view kIpythonInput = "<ipython-input>";
constexpr std::string_view kPythonInput = "<python-input>";

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes one or more characters of `set`.
bool take_some(std::string_view& text, std::string_view set) {
  std::size_t size = std::min(text.find_first_not_of(set), text.size());
  text.remove_prefix(size);
  return size != 0;
}

bool take_number(std::string_view& text) { return take_some(text, "0123456789"); }

bool take_digest(std::string_view& text) { return take_some(text, "0123456789abcdef"); }

// What follows the last separator, which goes with it.
std::string_view take_last_part(std::string_view& path) {
  std::size_t separator = path.find_last_of("/\\");
  std::size_t begin = separator == path.npos ? 0 : separator + 1;
  std::string_view part = path.substr(begin);
  path = path.substr(0, begin == 0 ? 0 : separator);
  return part;
}

bool is_jupyter_cell(std::string_view folder, std::string_view file) {
  return take(folder, "ipykernel_") && take_number(folder) && folder.empty() &&
         take_number(file) && file == ".py";
}

bool is_colab_cell(std::string_view file) {
  return take(file, "ipython-input-") && take_number(file) && take(file, "-") &&
         take_digest(file) && file == ".py";
}

}  // namespace

std::string_view stable_filename(std::string_view filename) {
  if (filename.ends_with('>')) {
    std::string_view rest = filename;
    if (take(rest, "<ipython-input-")) return kIpythonInput;
    bool python_input =
        take(rest, "<python-input-") && take_number(rest) && rest == ">";
    return python_input ? kPythonInput : filename;
  }
  std::string_view path = filename;
  std::string_view file = take_last_part(path);
  std::string_view folder = take_last_part(path);
  return is_jupyter_cell(folder, file) || is_colab_cell(file) ? kIpythonInput
                                                              : filename;
}

}  // namespace cppickle::bytecode
