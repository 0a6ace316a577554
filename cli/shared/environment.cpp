#include "cli/shared/environment.h"

#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

namespace iso::cli {
namespace {

class ProcessEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value && *value) return value;
    return name == "HOME" ? home_of_user() : std::nullopt;
  }
  std::vector<std::string> all() const override {
    std::vector<std::string> entries;
    for (char** entry = environ; *entry; ++entry) entries.emplace_back(*entry);
    return entries;
  }
  bool is_terminal(int fd) const override { return isatty(fd) == 1; }

 private:
  // Services and cron jobs may have no HOME.
  static std::optional<std::string> home_of_user() {
    std::vector<char> strings(16'384);
    passwd entry{}, *found = nullptr;
    if (getpwuid_r(getuid(), &entry, strings.data(), strings.size(), &found) != 0 || !found)
      return std::nullopt;
    return std::string(found->pw_dir);
  }
};

}  // namespace

std::string Environment::config_folder() const {
  if (auto folder = variable("XDG_CONFIG_HOME")) return *folder + "/iso";
  return variable("HOME").value_or("") + "/.config/iso";
}

std::string Environment::cache_folder() const {
  if (auto folder = variable("XDG_CACHE_HOME")) return *folder + "/iso";
  return variable("HOME").value_or("") + "/.cache/iso";
}

std::string Environment::temporary_folder() const {
  return variable("TMPDIR").value_or("/var/tmp");
}

const Environment& process_environment() {
  static const ProcessEnvironment environment;
  return environment;
}

void with_variable(const char* name, const char* value, const std::function<void()>& work) {
  if (std::getenv(name)) return work();
  struct Unset {
    const char* name;
    ~Unset() { unsetenv(name); }
  } unset{name};
  setenv(name, value, 1);
  work();
}

}  // namespace iso::cli
