# Completion for fish. What may stand next is asked of the program itself, whose --help comes from the same grammar.
function __ami_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test "$found" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c ami -f -a '(__ami_complete)'
