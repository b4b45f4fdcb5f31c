# Completes mgw command lines in bash; written by `mgw completions bash`.
_mgw() {
    local -a words=()
    local word joined='' unquoted='' open_quote=''
    local -i index
    # The shell breaks words at `=` and `:`; mgw wants them as they were typed, and without quotes.
    _mgw_words
    for index in "${!words[@]}"; do
        _mgw_unquoted "${words[index]}"
        words[index]="$unquoted"
    done
    _mgw_unquoted "${COMP_WORDS[COMP_CWORD]}"
    local current="$unquoted" quote="$open_quote"
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
        case "$word" in
            */ | *=) compopt -o nospace 2>/dev/null ;;
        esac
        _mgw_quoted "$quote" "${word#"$prefix"}"
        COMPREPLY[index]="$word"
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

# Sets `unquoted` to what the shell makes of a word's quotes, and `open_quote` to the one that has no end yet. Nothing is
# expanded, nor run.
_mgw_unquoted() {
    local typed="$1" char next
    local -i at
    unquoted='' open_quote=''
    for ((at = 0; at < ${#typed}; at++)); do
        char="${typed:at:1}" next="${typed:at+1:1}"
        if [[ $open_quote == "'" && $char != "'" ]]; then
            unquoted+="$char"
        elif [[ $char == "$open_quote" ]]; then
            open_quote=''
        elif [[ $char == \\ && ( -z $open_quote || $next == [\$\`\"\\] ) ]]; then
            unquoted+="$next"
            at+=1
        elif [[ -z $open_quote && $char == [\'\"] ]]; then
            open_quote="$char"
        else
            unquoted+="$char"
        fi
    done
}

# Sets `word` to a text as the shell has to find it in order to make that text of it: names may hold anything, and what
# is completed may be run.
_mgw_quoted() {
    word="$2"
    case "$1" in
        "'") word="${word//\'/\'\\\'\'}" ;;
        '"')
            word="${word//\\/\\\\}"
            word="${word//\"/\\\"}"
            word="${word//\$/\\\$}"
            word="${word//\`/\\\`}"
            ;;
        *) [[ $word == *[^[:alnum:]_./:=,@%+-]* ]] && printf -v word %q "$word" ;;
    esac
}

complete -F _mgw mgw
