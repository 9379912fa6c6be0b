#pragma once
// Folders of files with a folder for each class. Every error is a std::runtime_error that names the folder.
#include <keratin/core/array.hpp>
#include <keratin/data/numpy_shuffle.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace keratin::data {

/// Keras: label_mode. Class numbers, rows with a 1 at the class, 0 and 1 of two classes, or no labels at all.
enum class LabelMode : unsigned char { integer, categorical, binary, none };
/// Keras: subset.
enum class Subset : unsigned char { all, training, validation };

/// What the options of image_dataset_from_directory and audio_dataset_from_directory have in common.
struct FolderOptions {
  LabelMode label_mode = LabelMode::integer;
  std::vector<std::string> class_names{};  // of folders, in the order of their numbers; none: all, sorted
  bool shuffle = true;
  std::uint32_t seed = 0;
  double validation_split = 0;  // the last files of the shuffled order
  Subset subset = Subset::all;
  bool follow_links = false;
};

/// Files, the class number of each, and what the classes are called; of LabelMode::none the files only.
struct Folder {
  std::vector<std::string> file_paths;
  std::vector<std::int32_t> labels;
  std::vector<std::string> class_names;
};

namespace detail {

[[noreturn]] inline void refuse_folder(const std::string& folder, const std::string& why) {
  throw std::runtime_error("'" + folder + "' " + why);
}

inline std::vector<std::filesystem::directory_entry> entries_of(const std::string& folder) {
  std::error_code error;
  std::vector<std::filesystem::directory_entry> all;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    all.push_back(*at);
  if (error) refuse_folder(folder, "cannot be read: " + error.message());
  return all;
}

// The folder and all in it, in any order.
inline void folders_below(const std::string& folder, bool follow_links, std::vector<std::string>& all) {
  all.push_back(folder);
  for (const auto& entry : entries_of(folder)) {
    std::error_code error;
    if (entry.is_directory(error) && (follow_links || !entry.is_symlink(error)))
      folders_below(folder + "/" + entry.path().filename().string(), follow_links, all);
  }
}

inline bool has_ending(std::string name, const std::vector<std::string_view>& endings) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return name.ends_with(e); });
}

// All files with these endings, folder by folder, in the order that Keras finds them.
inline void files_below(const std::string& folder, bool follow_links,
                        const std::vector<std::string_view>& endings, std::vector<std::string>& all) {
  std::vector<std::string> folders;
  folders_below(folder, follow_links, folders);
  std::sort(folders.begin(), folders.end());
  for (const std::string& one : folders) {
    std::vector<std::string> names;
    for (const auto& entry : entries_of(one)) {
      std::error_code error;
      const std::string name = entry.path().filename().string();
      if (!entry.is_directory(error) && has_ending(name, endings)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) all.push_back(one + "/" + name);
  }
}

inline std::vector<std::string> classes_of(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : entries_of(folder)) {
    std::error_code error;
    const std::string name = entry.path().filename().string();
    if (entry.is_directory(error) && !name.starts_with('.')) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::string listed(const auto& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text.empty() ? "none" : text;
}

}  // namespace detail

/// The files of a folder whose names end in one of these, "a/b.png", in Keras's order, also where it is
/// shuffled or split. Errors: it cannot be read, has no such file, or not both parts of a split; classes that
/// have no folder, or are not two in LabelMode::binary; a split without a subset, or the other way round.
inline Folder read_folder(const std::string& folder, const std::vector<std::string_view>& endings,
                          const FolderOptions& options) {
  const auto refuse = [&](const std::string& why) { detail::refuse_folder(folder, why); };
  const double split = options.validation_split;
  if (!(split >= 0 && split < 1))
    refuse("validation_split " + std::to_string(split) + " came, from 0 to below 1 wanted");
  if ((split > 0) != (options.subset != Subset::all))
    refuse("validation_split or a subset came without the other");

  Folder found;
  if (options.label_mode == LabelMode::none) {
    if (!options.class_names.empty()) refuse("class_names came with LabelMode::none");
    detail::files_below(folder, options.follow_links, endings, found.file_paths);
  } else {
    const std::vector<std::string> all = detail::classes_of(folder);
    found.class_names = options.class_names.empty() ? all : options.class_names;
    if (found.class_names.empty()) refuse("has no folders, one for each class wanted");
    for (const std::string& name : found.class_names)
      if (std::find(all.begin(), all.end(), name) == all.end())
        refuse("has no folder for the class " + name + ", but " + detail::listed(all));
    if (options.label_mode == LabelMode::binary && found.class_names.size() != 2)
      refuse("has the classes " + detail::listed(found.class_names) + ", 2 wanted for LabelMode::binary");
    for (std::size_t i = 0; i < found.class_names.size(); ++i) {
      detail::files_below(folder + "/" + found.class_names[i], options.follow_links, endings,
                          found.file_paths);
      found.labels.resize(found.file_paths.size(), static_cast<std::int32_t>(i));
    }
  }
  if (found.file_paths.empty()) refuse("has no files that end in " + detail::listed(endings));
  if (options.shuffle) {
    numpy_shuffle(found.file_paths, options.seed);
    numpy_shuffle(found.labels, options.seed);
  }
  if (options.subset == Subset::all) return found;

  const std::size_t files = found.file_paths.size();
  const auto validation = static_cast<std::size_t>(split * static_cast<double>(files));
  if (validation == 0)
    refuse("has " + std::to_string(files) + " files, of which validation_split " + std::to_string(split) +
           " is none");
  const auto keep = [&](auto& all) {
    if (all.empty()) return;
    const auto middle = all.end() - static_cast<std::ptrdiff_t>(validation);
    if (options.subset == Subset::training)
      all.erase(middle, all.end());
    else
      all.erase(all.begin(), middle);
  };
  keep(found.file_paths);
  keep(found.labels);
  return found;
}

/// Labels as targets, in rows of a sample each.
class FolderTargets {
 public:
  FolderTargets(const Folder& folder, LabelMode mode) : mode_(mode) {
    if (mode == LabelMode::integer) numbers_ = folder.labels;
    if (mode != LabelMode::binary && mode != LabelMode::categorical) return;
    row_ = mode == LabelMode::binary ? 1 : folder.class_names.size();
    values_.resize(folder.labels.size() * row_);
    for (std::size_t i = 0; i < folder.labels.size(); ++i) {
      const auto label = static_cast<std::size_t>(folder.labels[i]);
      if (mode == LabelMode::binary)
        values_[i] = static_cast<float>(label);
      else
        values_[i * row_ + label] = 1;
    }
  }
  /// That of sample i.
  Arrays operator[](std::size_t i) const {
    if (mode_ == LabelMode::none) return {};
    if (mode_ == LabelMode::integer) return Array(numbers_.data() + i, 1, 1, 1);
    return Array(values_.data() + i * row_, row_, 1, row_);
  }

 private:
  LabelMode mode_;
  std::vector<std::int32_t> numbers_;
  std::vector<float> values_;
  std::size_t row_ = 1;
};

}  // namespace keratin::data
