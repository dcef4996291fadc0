builtin printf '\n@MARK@\n%s\n%s\n%s\n' "${$(builtin whence -w go)##*: }" "$(builtin whence -p go)" "$PATH"
builtin alias go
builtin functions go
