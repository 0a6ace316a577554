# bash completion for iso; written by: iso document bash
_iso_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_iso() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'publish listen --version -h --help' -- "$cur")
    return
  fi
  case $command:$prev in
    publish:--in)
      mapfile -t COMPREPLY < <(compgen -W 'json lines whole records' -- "$cur")
      return
      ;;
    publish:--color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    publish:--progress)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    listen:--out)
      mapfile -t COMPREPLY < <(compgen -W 'records base64 body raw' -- "$cur")
      return
      ;;
    listen:--color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    listen:--progress)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    publish:--file|\
    publish:--rejects|\
    publish:--password-file|\
    listen:--password-file)
      _iso_files
      return
      ;;
    publish:--body|\
    publish:--from|\
    publish:--max-attempts|\
    publish:--count|\
    publish:--rate|\
    publish:--window|\
    publish:--await-acks|\
    publish:--exchange|\
    publish:--direct-name|\
    publish:--queue|\
    publish:--routing-key|\
    publish:--content-type|\
    publish:--content-encoding|\
    publish:--correlation-id|\
    publish:--reply-to|\
    publish:--message-id|\
    publish:--type|\
    publish:--user-id|\
    publish:--app-id|\
    publish:--header|\
    publish:--priority|\
    publish:--expiration|\
    publish:--timestamp|\
    publish:-u|publish:--url|\
    publish:--context|\
    publish:--timeout|\
    listen:--bind|\
    listen:--count|\
    listen:--idle|\
    listen:--prefetch|\
    listen:--inbox|\
    listen:--dedupe-key|\
    listen:--exec|\
    listen:--jobs|\
    listen:--coprocess|\
    listen:--job-timeout|\
    listen:--confirm-as|\
    listen:--acks|\
    listen:-u|listen:--url|\
    listen:--context|\
    listen:--timeout)
      return
      ;;
  esac
  if [[ $cur != -* ]]; then
    _iso_files
    return
  fi
  case $command in
    publish) mapfile -t COMPREPLY < <(compgen -W '-h --help --body --file --from --follow --max-attempts --in --count --rate --window --await-replies --await-acks --rejects --strict --dry-run --exchange --direct-name --queue --routing-key --content-type --content-encoding --correlation-id --reply-to --message-id --type --user-id --app-id --header --priority --expiration --timestamp --persistent --no-persistent --mandatory --no-mandatory -u --url --context --password-file --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
    listen) mapfile -t COMPREPLY < <(compgen -W '-h --help --bind --declare --count --idle --drain --peek --prefetch --inbox --dedupe-key --exec --jobs --coprocess --job-timeout --reply --confirm-as --acks --out -u --url --context --password-file --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
  esac
}
complete -F _iso iso
