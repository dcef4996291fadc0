builtin printf '\n@MARK@\n%s\n%s\n%s\n' "$(builtin type -t go)" "$(builtin type -P go)" "$PATH"
builtin alias go 2>/dev/null
builtin declare -f go
