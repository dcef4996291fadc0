# gomend stands in for go where go is typed (nu).
alias go = ^@GO@
