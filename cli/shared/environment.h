#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace iso::cli {

// The environment of the process. The only place that reads environment variables, the home folder and
// terminals. HOME is the user's home folder even if the variable is not set.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  virtual std::vector<std::string> all() const = 0;  // NAME=value
  virtual bool is_terminal(int fd) const = 0;

  // For contexts: $XDG_CONFIG_HOME/iso, or $HOME/.config/iso.
  std::string config_folder() const;
  // For data that may be deleted at any time: $XDG_CACHE_HOME/iso, or $HOME/.cache/iso.
  std::string cache_folder() const;
  // For data that does not fit into memory: $TMPDIR, or /var/tmp, which is on a disk even where /tmp is not.
  std::string temporary_folder() const;
};

const Environment& process_environment();

// Sets a variable while `work` runs, unless it is set already. Must be called before any thread is started.
void with_variable(const char* name, const char* value, const std::function<void()>& work);

}  // namespace iso::cli
