let found = (which --all go)
let first = ($found | get 0?)
let program = ($found | where type == external | get 0?.path | default '')
let path = ($env.PATH | split row (char esep) | str join ':')
print $"\n@MARK@\n($first.type? | default '')\n($program)\n($path)\n($first.definition? | default '')"
