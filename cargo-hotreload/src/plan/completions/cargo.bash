# The words after `cargo hotreload` or `cargo-hotreload hotreload`, as the function above expects them.
_cargo_hotreload() {
    local first=1
    if [[ ${COMP_WORDS[0]##*/} == cargo ]]; then
        # cargo's options and `+toolchain` stand before the command.
        while [[ $first -lt $COMP_CWORD && ${COMP_WORDS[first]} == [-+]* ]]; do
            first=$((first + 1))
        done
    fi
    if [[ $first -lt $COMP_CWORD && ${COMP_WORDS[first]} == hotreload ]]; then
        first=$((first + 1))
    elif [[ " ${FUNCNAME[*]} " != *" _cargo "* ]]; then
        # Cargo's own completion passes the words on without the command's name; whoever types has to begin with it.
        COMPREPLY=()
        if [[ $COMP_CWORD -eq 1 ]]; then
            COMPREPLY=($(compgen -W hotreload -- "$2"))
        fi
        return 0
    fi
    local -a words=(cargo_hotreload_words "${COMP_WORDS[@]:first}")
    local place=$((COMP_CWORD - first + 1))
    local -a COMP_WORDS=("${words[@]}")
    local COMP_CWORD=$place
    _cargo_hotreload_words cargo_hotreload_words "$2" "$3"
}

# In the place of cargo's own completion, which is asked for everything else.
_cargo_with_hotreload() {
    local first=1
    while [[ $first -lt $COMP_CWORD && ${COMP_WORDS[first]} == [-+]* ]]; do
        first=$((first + 1))
    done
    if [[ $first -lt $COMP_CWORD && ${COMP_WORDS[first]} == hotreload ]]; then
        _cargo_hotreload "$@"
        return
    fi
    if [[ -z ${__cargo_hotreload_other-} ]]; then
        # bash-completion reads the completion of a command when it is wanted for the first time.
        if declare -F _comp_load >/dev/null; then
            _comp_load cargo
        elif declare -F __load_completion >/dev/null; then
            __load_completion cargo
        fi
        __cargo_hotreload_join
    fi
    if [[ -n ${__cargo_hotreload_other-} ]]; then
        "$__cargo_hotreload_other" "$@"
    elif [[ $first -eq $COMP_CWORD ]]; then
        COMPREPLY=($(compgen -W hotreload -- "$2"))
    fi
}

# Takes the place of what completes `cargo` now, and remembers it.
__cargo_hotreload_join() {
    local now
    now=$(complete -p cargo 2>/dev/null)
    if [[ $now =~ -F\ ([^ ]+) ]]; then
        local other=${BASH_REMATCH[1]}
        if [[ $other != _cargo_with_hotreload ]]; then
            __cargo_hotreload_other=$other
            eval "${now/-F $other/-F _cargo_with_hotreload}"
        fi
    elif [[ -z $now ]]; then
        complete -F _cargo_with_hotreload -o bashdefault -o default cargo
    fi
}

complete -F _cargo_hotreload -o bashdefault -o default cargo-hotreload
__cargo_hotreload_join
