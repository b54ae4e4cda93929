package app

import (
	"context"
	"io"

	"sluice/internal/setting"
)

// Standalone runs a worker as connect-standalone does: settings from a worker
// properties file, connectors from files and from REST, offsets in a file. It
// blocks until ctx ends. An error of type *ConnectorError is about one of the
// connector files.
func (p Program) Standalone(ctx context.Context, path string, connectorFiles []string, logs io.Writer) error {
	f, err := readWorker(setting.Standalone, path, p.registry, logs)
	if err != nil {
		return err
	}
	s := standalone{workerFile: f, registry: p.registry}
	for _, path := range connectorFiles {
		c, err := readConnector(path, nil)
		if err != nil {
			return err
		}
		s.connectors = append(s.connectors, c)
	}
	return s.run(ctx)
}
