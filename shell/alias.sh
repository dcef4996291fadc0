# gomend stands in for go where go is typed (bash, zsh, sh).
if [ -x @GO@ ]; then
    alias go=@COMMAND@
fi
