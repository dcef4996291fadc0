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
if status is-interactive
    # config.fish is read after conf.d, and may put another go first
    function __gomend_at_first_prompt --on-event fish_prompt
        functions --erase __gomend_at_first_prompt
        __gomend_first
    end
end
