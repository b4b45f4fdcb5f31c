# Completes mgw command lines in fish; written by `mgw completions fish`.
function __mgw_complete
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --local typed (commandline --current-token --cut-at-cursor)
    # mgw wants words without quotes, and the one under the cursor may have one that has no end yet.
    set --local current $typed
    for end in '' "'" '"'
        if set --local unquoted (string unescape -- "$typed$end")
            set current $unquoted
            break
        end
    end
    set --local lines ($words[1] complete-line -- $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = ':files'
        __fish_complete_path "$current"
        return
    end
    string join \n -- $lines
end

complete --command mgw --no-files --arguments '(__mgw_complete)'
