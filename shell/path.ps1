# gomend's go comes first on PATH, once (PowerShell).
& {
    $dir = @DIR@
    if (Test-Path -LiteralPath @GO@ -PathType Leaf) {
        $separator = [string][System.IO.Path]::PathSeparator
        $rest = @()
        if ($env:PATH) {
            $rest = @($env:PATH.Split($separator) | Where-Object { $_ -cne $dir })
        }
        $env:PATH = (@($dir) + $rest) -join $separator
    }
}
