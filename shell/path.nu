# gomend's go comes first on PATH, once (nu).
if (@GO@ | path exists) {
    $env.PATH = ($env.PATH | split row (char esep) | where {|folder| $folder != @DIR@} | prepend @DIR@)
}
