#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cli/arguments.h"
#include "cli/catalogue.h"
#include "cli/handle.h"
#include "cli/profile.h"

namespace ami::cli {
namespace {

constexpr const char* kFiles = ":files\n";

// The names of all options of the library: what it says to one that is none.
Keys library_options() {
  const ClientHandle client(ami_new());
  ami_set(client.get(), "?", "");
  std::string known = detail_of(client.get());
  known.erase(0, known.rfind(" are ") + 5);
  Keys names = CLI::detail::split(known, ',');
  for (std::string& name : names) CLI::detail::trim(name);
  return names;
}

// A walk over the words.
class Completion {
 public:
  explicit Completion(const CLI::App& app) : app_(&app) {}

  std::string of(const std::vector<std::string>& words) {
    for (size_t i = 0; i + 1 < words.size(); i++) pass(words[i]);
    last_ = words.empty() ? "" : words.back();
    find();
    return text_;
  }

 private:
  // A word before the last.
  void pass(const std::string& word) {
    if (awaited_ != nullptr) {
      awaited_ = nullptr;
    } else if (word.starts_with('-') && word.size() > 1) {
      const CLI::Option* option = app_->get_option_no_throw(word);
      if (option != nullptr && option->get_items_expected_max() > 0) awaited_ = option;
    } else if (const CLI::App* verb = verb_of(word); verb != nullptr) {
      app_ = verb;
    } else {
      given_.push_back(word);
    }
  }

  [[nodiscard]] const CLI::App* verb_of(const std::string& word) const {
    for (const CLI::App* verb : app_->get_subcommands({}))
      if (verb->get_name() == word) return verb;
    return nullptr;
  }

  void find() {
    if (awaited_ != nullptr) {
      find_value(awaited_->get_type_name());
    } else if (last_.starts_with('-')) {
      for (const CLI::Option* option : app_->get_options({})) find_option(*option);
    } else if (!app_->get_subcommands({}).empty()) {
      for (const CLI::App* verb : app_->get_subcommands({})) offer(verb->get_name(), verb->get_description());
    } else {
      find_argument();
    }
  }

  void find_option(const CLI::Option& option) {
    if (option.get_positional()) return;
    for (const std::string& name : option.get_lnames()) offer("--" + name, option.get_description());
    if (!option.get_lnames().empty()) return;
    for (const std::string& name : option.get_snames()) offer("-" + name, option.get_description());
  }

  // The next of them; the last may be many.
  void find_argument() {
    std::vector<std::string> names;
    for (const CLI::Option* option : app_->get_options({}))
      if (option->get_positional()) names.push_back(option->get_name());
    if (!names.empty()) find_value(names[std::min(given_.size(), names.size() - 1)]);
  }

  void find_value(const std::string& type) {
    if (type == "FILE") {
      text_ += kFiles;
    } else if (type == "PROFILE") {
      offer_all(profile_names());
    } else if (type == "FORMAT") {
      offer_all({"json", "text", "raw", "csv"});
    } else if (type == "NAME=VALUE" && awaited_ != nullptr && awaited_->check_sname("o")) {
      offer_all(library_options(), "=");
    } else if (type == "ACTION") {
      offer_all(known_actions());
    } else if (type == "KEY=VALUE" && !given_.empty()) {
      offer_all(known_headers(given_.front()), "=");
    }
  }

  void offer_all(const std::vector<std::string>& words, const char* end = "") {
    for (const std::string& word : words) offer(word + end, "");
  }

  void offer(const std::string& word, const std::string& meaning) {
    if (!is_same_key(std::string_view(word).substr(0, last_.size()), last_)) return;
    std::string line = word + (meaning.empty() ? "" : "\t") + meaning;
    std::replace(line.begin(), line.end(), '\n', ' ');
    text_ += line + '\n';
  }

  const CLI::App* app_;
  const CLI::Option* awaited_ = nullptr;  // whose value comes next
  std::vector<std::string> given_;        // arguments of the verb
  std::string last_;
  std::string text_;
};

}  // namespace

std::string completions(const std::vector<std::string>& words) {
  std::string text;
  show_grammar([&](const CLI::App& app) { text = Completion(app).of(words); });
  return text;
}

}  // namespace ami::cli
