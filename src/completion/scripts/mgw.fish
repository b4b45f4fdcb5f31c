# Completes mgw command lines in fish; written by `mgw completions fish`.
function __mgw_complete
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --local lines ($words[1] complete-line -- $words[2..-1] (commandline --current-token --cut-at-cursor) 2>/dev/null)
    if test "$lines[1]" = ':files'
        __fish_complete_path (commandline --current-token --cut-at-cursor)
        return
    end
    string join \n -- $lines
end

complete --command mgw --no-files --arguments '(__mgw_complete)'
