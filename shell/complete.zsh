
# What is only known now: diagnoses, fixes, changes, the modules of go.mod. The rest is above.
functions -c _gomend _gomend_before 2>/dev/null
_gomend() {
    local word what=""
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$word" in
            -*) ;;
            fix) what=fixes; break ;;
            last|explain) what=reports; break ;;
            undo) what=changes; break ;;
            doctor|probe|compare) what=modules; break ;;
            *) break ;;
        esac
    done
    if [[ -n "$what" && "${words[CURRENT]}" != -* ]]; then
        local -a now
        now=(${(f)"$(${words[1]} completions --values $what 2>/dev/null)"})
        (( $#now )) && compadd -a now
    fi
    _gomend_before "$@"
}
