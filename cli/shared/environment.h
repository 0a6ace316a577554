#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace iso::cli {

// What the process was started in. The only place that reads environment variables, home and terminals. HOME
// is the user's folder also where the variable is not set.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  virtual std::vector<std::string> all() const = 0;  // NAME=value
  virtual bool is_terminal(int fd) const = 0;

  // Where contexts live: $XDG_CONFIG_HOME/iso, else $HOME/.config/iso.
  std::string config_folder() const;
  // What may be lost and is worth to be kept: $XDG_CACHE_HOME/iso, else $HOME/.cache/iso.
  std::string cache_folder() const;
  // For what has no room in memory: $TMPDIR, else /var/tmp, which is on a disk where /tmp may not be.
  std::string temporary_folder() const;
};

const Environment& process_environment();

// Has a variable set while `work` runs, unless it was set before. For when there are no other threads.
void with_variable(const char* name, const char* value, const std::function<void()>& work);

}  // namespace iso::cli
