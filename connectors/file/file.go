// Package file holds the two connectors of Kafka's quick start: one reads the
// lines of a file, or of standard input, and one appends records to a file, or
// to standard output, as lines.
//
// Both stand for org.apache.kafka.connect.file of Kafka 4.3.1 and share its
// offsets. Where they differ: after a restart the position is found by counting
// the same units in which it was written, so text beyond ASCII is neither
// repeated nor cut; a file shorter than the position fails the task, which in
// Java hangs; lines that did not fit into one batch come with the next one at
// once; and errors of reading and writing fail the task.
//
// Read source.go and task.go first; lines.go cuts the lines.
package file

import (
	"io"
	"os"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
)

const (
	version = "4.3.1"

	fileKey  = "file"
	topicKey = "topic"
	batchKey = "batch.size"

	filenameField = "filename"
	positionField = "position"
)

// Plugins returns both connectors, on the process's standard input and output.
func Plugins() plugin.Set { return plugins(os.Stdin, os.Stdout) }

func plugins(stdin io.Reader, stdout io.Writer) plugin.Set {
	shared := newConsole(stdin)
	return plugin.Set{
		Sources: []plugin.Source{{
			Info: plugin.Info{
				Class:   "org.apache.kafka.connect.file.FileStreamSourceConnector",
				Version: version, Config: sourceDef(),
			},
			TaskClass: "org.apache.kafka.connect.file.FileStreamSourceTask",
			New:       func() connect.SourceConnector { return &sourceConnector{} },
			NewTask:   func() connect.SourceTask { return &sourceTask{stdin: shared} },
		}},
		Sinks: []plugin.Sink{{
			Info: plugin.Info{
				Class:   "org.apache.kafka.connect.file.FileStreamSinkConnector",
				Version: version, Config: sinkDef(),
			},
			TaskClass: "org.apache.kafka.connect.file.FileStreamSinkTask",
			New:       func() connect.SinkConnector { return &sinkConnector{} },
			NewTask:   func() connect.SinkTask { return &sinkTask{stdout: stdout} },
		}},
	}
}

func sourceDef() config.Def {
	return config.Def{
		{
			Name: fileKey, Type: config.String, Importance: config.High,
			Doc: "Path of the file to read. Without it lines come from the worker's standard input, for which no offsets are kept.",
		},
		{
			Name: topicKey, Type: config.String, Required: true, Validator: config.NonEmpty{}, Importance: config.High,
			Doc: "Topic that receives one record for each line.",
		},
		{
			Name: batchKey, Type: config.Int, Default: int32(2000), Importance: config.Low,
			Doc: "Largest number of lines that the task hands over at a time. Values below 1 count as 1.",
		},
	}
}

func sinkDef() config.Def {
	return config.Def{{
		Name: fileKey, Type: config.String, Importance: config.High,
		Doc: "Path of the file that records are appended to; it is created if need be, its directory is not. Without it lines go to the worker's standard output.",
	}}
}
