# bash completion for weir
_weir() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    case $before in
        --config | --output | --verify | --checkpoint) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        --store | --folder | --boundaries-of) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    esac

    # The command is what stands before the cursor without the options: "ledger show".
    local command="" part skip=0
    for part in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [ $skip = 1 ] && { skip=0; continue; }
        case $part in
            --config) skip=1 ;;
            -*) ;;
            *) command="$command $part" ;;
        esac
    done

    local choice="--help --json --config"
    case ${command# } in
        "") choice="$choice --version init check drop run capture snapshot repair refine load model quality status ledger receipt quarantine replay query demo" ;;
        init*) choice="$choice --tables --pipeline --store --s3 --snapshot-only --ddl-trigger --print-grants --role" ;;
        drop) choice="$choice --keep-store --yes" ;;
        run) choice="$choice --until-current --standby" ;;
        capture*) choice="$choice --boundaries-of --continuous" ;;
        snapshot*) choice="$choice --all" ;;
        status) choice="$choice --check" ;;
        ledger) choice="$choice show verify key rotate-key" ;;
        "ledger show"*) choice="$choice --cut --table --since --kind" ;;
        "ledger verify"*) choice="$choice --resume --key --checkpoint" ;;
        receipt*) choice="$choice --cut --output --verify --key" ;;
        quarantine) choice="$choice list" ;;
        demo*) choice="$choice --folder --keep --s3 --scale --rate --seconds" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$word")
    if [ "$command" = " replay" ] && [ -n "$word" ]; then  # Its folder, once it is begun.
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$word")
    fi
}
complete -F _weir weir
