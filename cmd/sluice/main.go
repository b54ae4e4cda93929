// Command sluice is a Kafka Connect worker. Its verbs are those of `sluice help`.
package main

import "sluice/command"

func main() { command.Main() }
