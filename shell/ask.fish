# as the first prompt will do
functions --query __gomend_at_first_prompt; and __gomend_at_first_prompt
set --local kind (type -t go 2>/dev/null)
set --local program (command --search go)
set --local path (string join : -- $PATH)
printf '\n@MARK@\n%s\n%s\n%s\n' "$kind" "$program" "$path"
functions go 2>/dev/null
