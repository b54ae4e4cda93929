module example.com/csv

go 1.26.0
