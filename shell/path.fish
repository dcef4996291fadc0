# gomend's go comes first on PATH, once (fish).
function __gomend_first --description "gomend's go comes first on PATH"
    test -x @GO@; or return 0
    set --local rest
    for folder in $PATH
        test "$folder" = @DIR@; or set --append rest $folder
    end
    set --global --export PATH @DIR@ $rest
end
__gomend_first
# config.fish is read after conf.d, and may put another go first
if status is-interactive
    function __gomend_at_first_prompt --on-event fish_prompt
        functions --erase __gomend_at_first_prompt
        __gomend_first
    end
else
    # no prompt will come: what a file puts before it goes behind it, what a command line does stays
    function __gomend_behind_files --on-variable PATH
        test "$PATH[1]" != @DIR@; and contains -- @DIR@ $PATH; or return 0
        set --local above 0
        for frame in (status stack-trace)
            if test $above = 1; and string match --quiet "*/*" -- $frame
                __gomend_first
                return 0
            end
            string match --quiet "*__gomend_behind_files*" -- $frame; and set above 1
        end
    end
end
