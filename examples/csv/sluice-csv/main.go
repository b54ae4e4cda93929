// Command sluice-csv is sluice with the CSV connectors in it.
package main

import (
	"sluice/command"

	"example.com/csv"
)

func main() { command.Main(csv.Plugins()) }
