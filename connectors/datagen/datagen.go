// Package datagen makes records at random from an Avro schema: the connector
// io.confluent.kafka.connect.datagen.DatagenConnector. With a seed the records
// are those of the Java connector, number by number: random.go has the numbers
// of java.util.Random, generate.go the order in which they are drawn.
//
// The schemas of templates/ are the quickstarts; their texts, names and
// addresses are made up.
package datagen

import (
	"context"
	"maps"
	"strconv"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
)

const version = "0.6.8"

// Plugins returns the connector.
func Plugins() plugin.Set {
	return plugin.Set{Sources: []plugin.Source{{
		Info: plugin.Info{
			Class:   "io.confluent.kafka.connect.datagen.DatagenConnector",
			Version: version,
			Config:  definition(),
		},
		TaskClass: "io.confluent.kafka.connect.datagen.DatagenTask",
		New:       func() connect.SourceConnector { return &connector{} },
		NewTask:   func() connect.SourceTask { return &task{} },
	}}}
}

type connector struct{ cfg config.Map }

// Start implements connect.SourceConnector.
func (c *connector) Start(_ context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	if _, err := config.Decode[settings](definition(), cfg); err != nil {
		return connect.ClassErrorf(configException,
			"Datagen connector could not start because of an error in the configuration: %w", err)
	}
	c.cfg = cfg
	return nil
}

const configException = "org.apache.kafka.common.config.ConfigException"

// TaskConfigs gives each task the configuration and its number.
func (c *connector) TaskConfigs(_ context.Context, maxTasks int) ([]config.Map, error) {
	configs := make([]config.Map, maxTasks)
	for i := range configs {
		configs[i] = maps.Clone(c.cfg)
		configs[i][keyTask] = strconv.Itoa(i)
	}
	return configs, nil
}

// Stop implements connect.SourceConnector.
func (c *connector) Stop(context.Context) error { return nil }

// ValidateConfig implements connect.ConfigValidator.
func (c *connector) ValidateConfig(_ context.Context, cfg config.Map, values config.Values) {
	validate(cfg, values)
}
