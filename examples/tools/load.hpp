#pragma once
#include "tool.hpp"

#include <keratin/io/compiled_output.hpp>

#include <optional>

namespace tool {

/// What the model of a file, as load() made it, was compiled with; nothing if it was not.
std::optional<io::CompiledWith> compiled_with(const std::string& path, const functional::Model& model);

/// The value of a setting in words.
std::string text_of(const io::CompiledSetting& setting);

}  // namespace tool
