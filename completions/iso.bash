# bash completion for iso; written by: iso document bash
_iso_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_iso() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'publish listen fetch reconcile status -V --version -h --help' -- "$cur")
    return
  fi
  case $command:$prev in
    publish:--state)
      mapfile -t COMPREPLY < <(compgen -W 'dead conflict' -- "$cur")
      return
      ;;
    publish:--in)
      mapfile -t COMPREPLY < <(compgen -W 'json lines whole records' -- "$cur")
      return
      ;;
    publish:--receipts)
      mapfile -t COMPREPLY < <(compgen -W 'all failed none' -- "$cur")
      return
      ;;
    publish:--queue-type)
      mapfile -t COMPREPLY < <(compgen -W 'classic quorum stream' -- "$cur")
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
    listen:--queue-type)
      mapfile -t COMPREPLY < <(compgen -W 'classic quorum stream' -- "$cur")
      return
      ;;
    listen:--state)
      mapfile -t COMPREPLY < <(compgen -W 'dead conflict' -- "$cur")
      return
      ;;
    listen:--out)
      mapfile -t COMPREPLY < <(compgen -W 'records base64 body raw pretty' -- "$cur")
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
    fetch:--out)
      mapfile -t COMPREPLY < <(compgen -W 'body records' -- "$cur")
      return
      ;;
    fetch:--color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    fetch:--progress)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    reconcile:--out)
      mapfile -t COMPREPLY < <(compgen -W 'records table summary' -- "$cur")
      return
      ;;
    reconcile:--fail-on)
      mapfile -t COMPREPLY < <(compgen -W 'missing stuck recovered extra different duplicate conflict unacked invalid' -- "$cur")
      return
      ;;
    reconcile:--color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    reconcile:--progress)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    status:--out)
      mapfile -t COMPREPLY < <(compgen -W 'table records' -- "$cur")
      return
      ;;
    status:--color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    status:--progress)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    publish:--file|\
    publish:--rejects|\
    publish:--password-file|\
    listen:--rejects|\
    listen:--password-file|\
    fetch:--body-file|\
    fetch:--netrc-file|\
    fetch:--cacert|\
    fetch:--cert|\
    fetch:--key|\
    fetch:--cache|\
    reconcile:--bearer-file|\
    reconcile:--password-file|\
    reconcile:--plan|\
    status:--password-file)
      _iso_files
      return
      ;;
    publish:--body|\
    publish:--from|\
    publish:--where|\
    publish:--pace|\
    publish:--max-attempts|\
    publish:--max-message|\
    publish:--count|\
    publish:--rate|\
    publish:--window|\
    publish:--await-acks|\
    publish:--wait|\
    publish:--grace|\
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
    publish:--queue-argument|\
    publish:--header|\
    publish:--priority|\
    publish:--expiration|\
    publish:--timestamp|\
    publish:--breaker|\
    publish:--on-trip|\
    publish:-u|publish:--url|\
    publish:--context|\
    publish:--timeout|\
    listen:--bind|\
    listen:--queue-argument|\
    listen:--offset|\
    listen:--count|\
    listen:--where|\
    listen:--idle|\
    listen:--wait|\
    listen:--prefetch|\
    listen:--max-message|\
    listen:--inbox|\
    listen:--dedupe-key|\
    listen:--exec|\
    listen:--jobs|\
    listen:--coprocess|\
    listen:--job-timeout|\
    listen:--grace|\
    listen:--confirm-as|\
    listen:--acks|\
    listen:--register|\
    listen:--registry|\
    listen:--breaker|\
    listen:--on-trip|\
    listen:-u|listen:--url|\
    listen:--context|\
    listen:--timeout|\
    fetch:--url-at|\
    fetch:--items|\
    fetch:--next|\
    fetch:--max-pages|\
    fetch:--rate|\
    fetch:--parallel|\
    fetch:-H|fetch:--header|\
    fetch:-X|fetch:--request|\
    fetch:--body|\
    fetch:--body-at|\
    fetch:--bearer-file|\
    fetch:--send-to|\
    fetch:--allow|\
    fetch:--key-header|\
    fetch:--max-redirs|\
    fetch:--retries|\
    fetch:--retry-on|\
    fetch:--try-timeout|\
    fetch:--stall|\
    fetch:--max-filesize|\
    fetch:--connect-timeout|\
    fetch:--proxy|\
    fetch:--registry|\
    fetch:--dns-server|\
    fetch:--cache-size|\
    fetch:--max-stale|\
    fetch:--on-trip|\
    fetch:--timeout|\
    reconcile:--expect|\
    reconcile:--items|\
    reconcile:-H|reconcile:--header|\
    reconcile:--watch|\
    reconcile:--key|\
    reconcile:--compare|\
    reconcile:--ignore|\
    reconcile:--unordered|\
    reconcile:--tolerance|\
    reconcile:--grace|\
    reconcile:--stuck-after|\
    reconcile:--memory|\
    reconcile:--repair-to|\
    reconcile:--timeout|\
    status:--wait|\
    status:--watch|\
    status:--max-ready|\
    status:--max-age|\
    status:--min-consumers|\
    status:-u|status:--url|\
    status:--context|\
    status:--timeout)
      return
      ;;
  esac
  if [[ $cur != -* ]]; then
    _iso_files
    return
  fi
  case $command in
    publish) mapfile -t COMPREPLY < <(compgen -W '-h --help --body --file --from --follow --where --state --to-origin --pace --max-attempts --max-message --in --count --rate --window --await-replies --await-acks --receipts --rejects --wait --grace --keep-broker-headers --strict --dry-run --exchange --direct-name --queue --routing-key --content-type --content-encoding --correlation-id --reply-to --message-id --type --user-id --app-id --queue-type --queue-argument --header --priority --expiration --timestamp --persistent --no-persistent --mandatory --no-mandatory --breaker --on-trip -u --url --context --password-file --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
    listen) mapfile -t COMPREPLY < <(compgen -W '-h --help --bind --declare --queue-type --queue-argument --offset --count --where --idle --wait --drain --peek --state --prefetch --max-message --inbox --dedupe-key --exec --jobs --coprocess --job-timeout --grace --reply --confirm-as --acks --rejects --out --register --registry --breaker --on-trip -u --url --context --password-file --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
    fetch) mapfile -t COMPREPLY < <(compgen -W '-h --help --url-at --out --all-pages --items --next --max-pages --rate --parallel -H --header -X --request --body --body-file --body-at --bearer-file --send-to --allow --key-header --netrc-file --max-redirs --retries --retry-on --try-timeout --stall --max-filesize --connect-timeout --proxy --cacert --cert --key --registry --dns-server --insecure --cache --cache-size --no-cache --offline --refresh --max-stale --breaker --no-breaker --on-trip --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
    reconcile) mapfile -t COMPREPLY < <(compgen -W '-h --help --expect --items -H --header --bearer-file --password-file --out --fail-on --allow-empty --watch --key --compare --ignore --unordered --tolerance --grace --stuck-after --sorted --memory --plan --repair --repair-to --force --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
    status) mapfile -t COMPREPLY < <(compgen -W '-h --help --wait --watch --max-ready --max-age --min-consumers --out -u --url --context --password-file --timeout -q --quiet -v --verbose --color --progress' -- "$cur") ;;
  esac
}
complete -F _iso iso
