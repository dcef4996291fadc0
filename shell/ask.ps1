$found = Get-Command -Name go -ErrorAction SilentlyContinue | Select-Object -First 1
$program = Get-Command -Name go -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
$kind = if ($found) { $found.CommandType } else { '' }
$source = if ($program) { $program.Source } else { '' }
$definition = if ($found) { $found.Definition } else { '' }
"`n@MARK@`n$kind`n$source`n$env:PATH`n$definition"
