#include "cli/grammar.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"

namespace ami::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const CLI::Option& option) {
  if (option.get_positional())
    return {{"name", option.get_name()},
            {"text", option.get_description()},
            {"required", option.get_required()},
            {"many", option.get_items_expected_max() > 1}};
  Json names = Json::array();
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return {{"names", names},
          {"value", option.get_items_expected_max() == 0 ? "" : option.get_type_name()},
          {"text", option.get_description()},
          {"group", option.get_group()}};
}

Json json_of(const CLI::App& app) {
  Json verb = {{"name", app.get_name()}, {"text", app.get_description()}, {"help", app.get_footer()}};
  for (const char* kind : {"arguments", "options", "verbs"}) verb[kind] = Json::array();
  for (const CLI::Option* option : app.get_options({}))
    verb[option->get_positional() ? "arguments" : "options"].push_back(json_of(*option));
  for (const CLI::App* inner : app.get_subcommands({})) verb["verbs"].push_back(json_of(*inner));
  return verb;
}

}  // namespace

std::string grammar_json() {
  std::string text;
  show_grammar([&text](const CLI::App& app) { text = json_of(app).dump(2) + "\n"; });
  return text;
}

}  // namespace ami::cli
