#compdef mgw
# Completes mgw command lines in zsh; written by `mgw completions zsh`.
_mgw() {
    local -a lines whole whole_texts open open_texts
    local line value
    lines=("${(@f)$("${words[1]/#\~/$HOME}" complete-line -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
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
