    # Cargo's completion calls this with `hotreload` as the first word. Whoever calls the executable has to begin with it.
    if [[ $words[1] != hotreload ]]; then
        if (( CURRENT == 2 )); then
            compadd hotreload
            return
        fi
        [[ $words[2] == hotreload ]] || return 1
        shift words
        (( CURRENT-- ))
    fi

