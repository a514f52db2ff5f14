module statuspage

go 1.26
