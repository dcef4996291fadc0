
# What is only known now: diagnoses, fixes, changes, the modules of go.mod. The rest is above.
_gomend_now() {
    _gomend "$@"
    local word command="" what=""
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$word" in
            -*) ;;
            *) command=$word; break ;;
        esac
    done
    case "$command" in
        fix) what=fixes ;;
        last|explain) what=reports ;;
        undo) what=changes ;;
        doctor|probe|compare) what=modules ;;
        *) return 0 ;;
    esac
    [[ ${COMP_WORDS[COMP_CWORD]} == -* ]] && return 0
    COMPREPLY+=($(compgen -W "$("${COMP_WORDS[0]}" completions --values "$what" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _gomend_now -o bashdefault -o default gomend
