# bash completion for weir
_weir() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local commands="init check run capture refine load model quality status query ledger quarantine replay drop demo"
    case $before in
        --config) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        ledger) mapfile -t COMPREPLY < <(compgen -W "show verify" -- "$word"); return ;;
        quarantine) mapfile -t COMPREPLY < <(compgen -W "list" -- "$word"); return ;;
    esac
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands --version --help" -- "$word")
    elif [[ $word == -* ]]; then
        local options="--json --config --help"
        [ "${COMP_WORDS[1]}" = run ] && options="$options --until-current"
        [ "${COMP_WORDS[1]}" = init ] && options="$options --snapshot-only"
        [ "${COMP_WORDS[1]}" = demo ] && options="$options --keep"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    fi
}
complete -F _weir weir
