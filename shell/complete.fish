
# What the lines above don't offer: faults, causes, diagnoses, fixes, changes, the modules of go.mod.
complete -c gomend -n "__fish_seen_subcommand_from fix" -f -a "(gomend completions --values fixes 2>/dev/null)"
complete -c gomend -n "__fish_seen_subcommand_from last explain" -a "(gomend completions --values reports 2>/dev/null)"
complete -c gomend -n "__fish_seen_subcommand_from undo" -f -a "(gomend completions --values changes 2>/dev/null)"
complete -c gomend -n "__fish_seen_subcommand_from doctor probe compare" -f -a "(gomend completions --values modules 2>/dev/null)"
complete -c gomend -n "__fish_seen_subcommand_from simulate" -f -a "all (gomend completions --values faults 2>/dev/null)"
complete -c gomend -n "__fish_seen_subcommand_from causes" -f -a "(gomend completions --values causes 2>/dev/null)"
