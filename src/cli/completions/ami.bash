# Completion for bash. What may stand next is asked of the program itself, whose --help comes from the same grammar.
_ami() {
    local word words=() behind=
    # Bash parts words at = and :, where the program does not.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ ${#words[@]} -gt 0 && ($word == [=:]* || -n $behind && -n $word) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == *[=:] ]] && behind=yes || behind=
    done
    mapfile -t COMPREPLY < <("$1" __complete "${words[@]}" 2>/dev/null | cut -f1)
    if [[ ${COMPREPLY[0]} == :files ]]; then
        COMPREPLY=()
        compopt -o default
    elif [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
}
complete -F _ami ami
