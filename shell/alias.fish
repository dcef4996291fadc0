# gomend stands in for go where go is typed (fish).
if test -x @GO@
    function go --wraps go --description "go, watched by gomend"
        @GO@ $argv
    end
end
