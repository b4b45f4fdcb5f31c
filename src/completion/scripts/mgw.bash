# Completes mgw command lines in bash; written by `mgw completions bash`.
_mgw() {
    local current="${COMP_WORDS[COMP_CWORD]}"
    local -a words=()
    local word joined=''
    local -i index
    # The shell breaks words at `=` and `:`; mgw wants them as they were typed.
    _mgw_words
    mapfile -t COMPREPLY < <(
        "${COMP_WORDS[0]/#\~/$HOME}" complete-line -- "${words[@]}" 2>/dev/null
    )
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == ':files' ]]; then
        COMPREPLY=()
        compopt -o default -o filenames 2>/dev/null
        return
    fi
    # What is replaced is what follows the last break.
    joined="${words[${#words[@]}-1]}"
    local prefix="${joined%"$current"}"
    [[ $current == '=' || $current == ':' ]] && prefix="$joined"
    for index in "${!COMPREPLY[@]}"; do
        word="${COMPREPLY[index]%%$'\t'*}"
        COMPREPLY[index]="${word#"$prefix"}"
        case "$word" in
            */ | *=) compopt -o nospace 2>/dev/null ;;
        esac
    done
}

# The words of the line up to the cursor, joined where nothing but `=` or `:` is between them.
_mgw_words() {
    local -i at=0 previous_end=-1
    local line="${COMP_LINE:0:COMP_POINT}" piece rest
    words=()
    rest="$line"
    for ((index = 0; index <= COMP_CWORD; index++)); do
        piece="${COMP_WORDS[index]}"
        # How much white space is before it in the line.
        local before="${rest%%"$piece"*}"
        [[ -z $piece ]] && before="$rest"
        if ((index > 0)) && [[ -z $before && -n ${words[*]} && ( $piece == [=:]* || ${words[${#words[@]}-1]} == *[=:] ) ]]; then
            words[${#words[@]}-1]+="$piece"
        else
            words+=("$piece")
        fi
        rest="${rest:${#before}}"
        rest="${rest:${#piece}}"
    done
    words=("${words[@]:1}")
    [[ ${#words[@]} -eq 0 ]] && words=('')
}

complete -F _mgw mgw
