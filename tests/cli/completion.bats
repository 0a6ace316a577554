load helper

install_completions() {
  mkdir -p bin
  ln -sf "$BIN" bin/iso
  export PATH=$PWD/bin:$PATH
  touch settings.json
}

complete_in_bash() { # WORD…: what the last one completes to
  bash --norc -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _iso; printf "%s\n" "${COMPREPLY[@]}"' - \
    "$ROOT/completions/iso.bash" "$@"
}

@test "bash: subcommands, flags, choices and settings files complete" {
  install_completions
  is publish "$(complete_in_bash iso pu)"
  is --routing-key "$(complete_in_bash iso publish --rou)"
  is records "$(complete_in_bash iso publish --in re)"
  is settings.json "$(complete_in_bash iso publish set)"
}

@test "fish: subcommands, flags, choices and settings files complete" {
  command -v fish >/dev/null || skip "missing: fish"
  install_completions
  complete_in_fish() { fish --no-config -c "source '$ROOT/completions/iso.fish'; complete -C '$1'" | cut -f1; }
  is publish "$(complete_in_fish 'iso pu')"
  is --routing-key "$(complete_in_fish 'iso publish --rou')"
  is records "$(complete_in_fish 'iso publish --in rec')"
  is settings.json "$(complete_in_fish 'iso publish set')"
}

@test "zsh: subcommands, flags and settings files complete" {
  command -v zsh >/dev/null || skip "missing: zsh"
  install_completions
  complete_in_zsh() { zsh -f "$ROOT/tests/cli/complete.zsh" "$ROOT/completions" "$@"; }
  complete_in_zsh 'iso publi' publish
  complete_in_zsh 'iso publish --rout' routing-key
  complete_in_zsh 'iso publish setti' settings.json
}
