// Package soak creates, pauses, updates and deletes connectors at random on one
// worker for as long as wanted, and checks that the worker stays as it was:
// goroutines, memory, files, connections and the latency of REST. `make soak`
// runs it.
package soak
