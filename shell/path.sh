# gomend's go comes first on PATH, once (bash, zsh, sh).
gomend_dir=@DIR@
if [ -x "$gomend_dir/go" ]; then
    gomend_path=":${PATH-}:"
    gomend_rest=${gomend_path#*":$gomend_dir:"}
    while [ "$gomend_rest" != "$gomend_path" ]; do
        gomend_path=${gomend_path%%":$gomend_dir:"*}:$gomend_rest
        gomend_rest=${gomend_path#*":$gomend_dir:"}
    done
    gomend_path=${gomend_path#:}
    gomend_path=${gomend_path%:}
    export PATH="$gomend_dir${gomend_path:+:$gomend_path}"
    hash -r 2>/dev/null || :
fi
unset gomend_dir gomend_path gomend_rest
