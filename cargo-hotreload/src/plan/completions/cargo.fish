# The words after `cargo hotreload` or `cargo-hotreload hotreload`, up to the one that is being typed.
function __fish_cargo_hotreload_words
    set -l words (commandline -opc)
    set -l name (string replace -r '.*/' '' -- $words[1])
    set -e words[1]
    if test "$name" = cargo
        # cargo's options and `+toolchain` stand before the command.
        while string match -qr '^[-+]' -- $words[1]
            set -e words[1]
        end
    end
    test "$words[1]" = hotreload
    or return 1
    set -e words[1]
    string join \n -- $words
    return 0
end

# Whoever calls the executable has to begin with the command's name.
complete -c cargo-hotreload -n 'test (count (commandline -opc)) -eq 1' -f -a hotreload
