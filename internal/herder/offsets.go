package herder

import (
	"context"
	"net/http"

	"sluice/connect/config"
	"sluice/internal/store"
)

func unsupported(what string) error {
	return internal("Kafka Connect in standalone mode does not support " + what)
}

func notYet(what string) error {
	return &Error{Status: http.StatusNotImplemented, Message: what + " is not available in this version of Sluice yet: see the status table of its README"}
}

// Offsets implements Herder.
func (h *Standalone) Offsets(context.Context, string) ([]store.Offset, error) {
	return nil, notYet("reading offsets")
}

// AlterOffsets implements Herder.
func (h *Standalone) AlterOffsets(context.Context, string, []store.Offset) (string, error) {
	return "", notYet("altering offsets")
}

// ResetOffsets implements Herder.
func (h *Standalone) ResetOffsets(context.Context, string) (string, error) {
	return "", notYet("resetting offsets")
}

// PutTaskConfigs implements Herder.
func (h *Standalone) PutTaskConfigs(context.Context, string, []config.Map, *Signature) error {
	return unsupported("externally setting task configurations.")
}

// FenceZombies implements Herder.
func (h *Standalone) FenceZombies(context.Context, string, *Signature) error {
	return unsupported("exactly-once source connectors.")
}

// SetClusterLoggerLevel implements Herder.
func (h *Standalone) SetClusterLoggerLevel(context.Context, string, string) error {
	return notYet("setting the level of a logger in the cluster")
}
