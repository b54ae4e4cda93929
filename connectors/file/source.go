package file

import (
	"cmp"
	"context"
	"maps"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// sourceSettings are the keys of sourceDef. File is nil where it is not given,
// which the source partition tells apart from an empty text.
type sourceSettings struct {
	File      *string `config:"file"`
	Topic     string  `config:"topic"`
	BatchSize int     `config:"batch.size"`
}

// path is "" for standard input.
func (s sourceSettings) path() string {
	if s.File == nil {
		return ""
	}
	return *s.File
}

// sourceConnector plans one task: a file has one reader.
type sourceConnector struct{ cfg config.Map }

var (
	_ connect.SourceOffsetAlterer = (*sourceConnector)(nil)
	_ connect.ExactlyOnceSource   = (*sourceConnector)(nil)
)

func (c *sourceConnector) Start(_ context.Context, host connect.ConnectorHost, cfg config.Map) error {
	s, err := config.Decode[sourceSettings](sourceDef(), cfg)
	if err != nil {
		return err
	}
	c.cfg = cfg
	host.Logger().Info("file source starts", "file", cmp.Or(s.path(), "standard input"))
	return nil
}

func (c *sourceConnector) TaskConfigs(context.Context, int) ([]config.Map, error) {
	return []config.Map{maps.Clone(c.cfg)}, nil
}

func (c *sourceConnector) Stop(context.Context) error { return nil }

// ExactlyOnceSupport says yes for a file, and no for standard input, which has no offsets.
func (c *sourceConnector) ExactlyOnceSupport(cfg config.Map) connect.ExactlyOnceSupport {
	if config.Trim(cfg[fileKey]) == "" {
		return connect.ExactlyOnceUnsupported
	}
	return connect.ExactlyOnceSupported
}

// AlterOffsets checks the form of the offsets. Whether the file is as long as a
// position says is seen when the task opens it.
func (c *sourceConnector) AlterOffsets(_ context.Context, cfg config.Map, offsets []connect.SourceOffset) (bool, error) {
	s, err := config.Decode[sourceSettings](sourceDef(), cfg)
	if err != nil {
		return false, err
	}
	if s.path() == "" {
		return false, connect.Errorf("Offsets cannot be modified if the 'file' configuration is unspecified. " +
			"This is because stdin is used for input and offsets are not tracked.")
	}
	for _, o := range offsets {
		if err := checkOffset(o.Partition, o.Offset); err != nil {
			return false, err
		}
	}
	return true, nil
}

// checkOffset accepts the removal of any offset, so that leftovers of earlier
// configurations can be cleared.
func checkOffset(partition, offset schema.Value) error {
	if offset.IsNull() {
		return nil
	}
	position, ok := offset.Lookup(positionField)
	switch {
	case !ok:
		return connect.Errorf("Offset objects should either be null or contain the key 'position'")
	case position.Kind() != schema.KindInt64:
		return connect.Errorf("The value for the 'position' key in the offset is expected to be a Long value")
	case position.Int() < 0:
		return connect.Errorf("The value for the 'position' key in the offset should be a non-negative value")
	case partition.IsNull():
		return connect.Errorf("Partition objects cannot be null")
	}
	if _, ok := partition.Lookup(filenameField); !ok {
		return connect.Errorf("Partition objects should contain the key 'filename'")
	}
	return nil
}
