# complete.zsh FOLDER LINE WANTED: types LINE and a Tab in an interactive zsh, and waits until the line holds WANTED.
zmodload zsh/zpty
zpty shell zsh -f -i
typed() { # PATTERN: reads until it came, for at most twenty seconds
  local part all i
  for ((i = 0; i < 400 * ${ISO_TEST_SLOWER:-1}; i++)); do
    while zpty -r -t shell part; do all+=$part; done
    [[ $all == *$~1* ]] && return 0
    sleep 0.05
  done
  print -r -- "never came: $1 in: ${(V)all}" >&2
  return 1
}
zpty -w shell "unsetopt zle_bracketed_paste; PS1=; fpath=($1 \$fpath); autoload -Uz compinit && compinit -u -D"
zpty -w shell "show() { print -r -- \"<\$BUFFER>\" }; zle -N show; bindkey '^T' show; print set''up"
typed setup || exit
zpty -w -n shell "$2"$'\t\C-t'
typed "<*$3*>"
