# gomend stands in for go where go is typed (PowerShell).
if (Test-Path -LiteralPath @GO@ -PathType Leaf) {
    Set-Alias -Name go -Value @GO@ -Scope Global -Force
}
