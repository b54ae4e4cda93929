// Command sluice-csv is sluice with the CSV connectors in it.
package main

import (
	"example.com/csv"

	"sluice/command"
)

func main() { command.Main(csv.Plugins()) }
