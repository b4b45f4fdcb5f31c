#compdef mgw
# Completes mgw command lines in zsh; written by `mgw completions zsh`.
_mgw() {
    local -a typed lines whole whole_texts open open_texts
    local line value quote="${compstate[quote]}"
    # mgw wants words without quotes; the one under the cursor may have one that has no end yet.
    typed=("${(@Q)words[2,CURRENT-1]}" "${(Q):-$quote$PREFIX$quote}")
    lines=("${(@f)$("${words[1]/#\~/$HOME}" complete-line -- "${(@)typed}" 2>/dev/null)}")
    if [[ "${lines[1]}" == ':files' ]]; then
        _files
        return
    fi
    for line in "${lines[@]}"; do
        value="${line%%$'\t'*}"
        case "$value" in
            '') ;;
            # Something follows a folder, and the key of a setting.
            */ | *=) open+=("$value") open_texts+=("${line/$'\t'/  }") ;;
            *) whole+=("$value") whole_texts+=("${line/$'\t'/  }") ;;
        esac
    done
    (( ${#whole} )) && compadd -l -d whole_texts -a whole
    (( ${#open} )) && compadd -l -d open_texts -S '' -a open
}

if [[ "${funcstack[1]}" == '_mgw' ]]; then
    _mgw "$@"
else
    compdef _mgw mgw
fi
