// Package csv holds two connectors for CSV files, as the worked example of
// docs/write-a-connector.md: one reads the files of a directory, one writes a
// file for each partition of its topics.
package csv

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
)

const (
	version = "1.0.0"

	directoryKey = "directory"
	topicKey     = "topic"
	batchKey     = "batch.rows"

	// The connector plans these for its tasks; no user sets them.
	taskKey  = "task.number"
	tasksKey = "task.count"
)

// Plugins returns both connectors.
func Plugins() plugin.Set {
	return plugin.Set{
		Sources: []plugin.Source{{
			Info:      plugin.Info{Class: "com.example.csv.CsvSourceConnector", Version: version, Config: sourceDef()},
			TaskClass: "com.example.csv.CsvSourceTask",
			New:       func() connect.SourceConnector { return &sourceConnector{} },
			NewTask:   func() connect.SourceTask { return &sourceTask{} },
		}},
		Sinks: []plugin.Sink{{
			Info:      plugin.Info{Class: "com.example.csv.CsvSinkConnector", Version: version, Config: sinkDef()},
			TaskClass: "com.example.csv.CsvSinkTask",
			New:       func() connect.SinkConnector { return &sinkConnector{} },
			NewTask:   func() connect.SinkTask { return &sinkTask{} },
		}},
	}
}

func sourceDef() config.Def {
	return config.Def{
		{
			Name: directoryKey, Type: config.String, Required: true, Validator: config.NonEmpty{}, Importance: config.High,
			Doc: "Directory whose files named *.csv are read. A file must be whole when it appears there: write it elsewhere and move it in.",
		},
		{
			Name: topicKey, Type: config.String, Required: true, Validator: config.NonEmpty{}, Importance: config.High,
			Doc: "Topic that receives one record for each row.",
		},
		{
			Name: batchKey, Type: config.Int, Default: int32(1000), Validator: config.AtLeast(1), Importance: config.Low,
			Doc: "Largest number of rows that a task hands over at a time.",
		},
	}
}

func sinkDef() config.Def {
	return config.Def{{
		Name: directoryKey, Type: config.String, Required: true, Validator: config.NonEmpty{}, Importance: config.High,
		Doc: "Directory for the files, TOPIC-PARTITION.csv each. It must be there.",
	}}
}
